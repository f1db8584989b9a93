"""Originals and prompts in, rewritten texts out: by the project's own rules or by a chat model."""

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module, resources

from prompt_recovery import config
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rewriters.chat_models import Answer, load_answerer
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.engines.reply import Reply

Rule = Callable[[str, random.Random], str]
Task = tuple[Original, Prompt]
Rewrite = Callable[[Sequence[Task]], Iterator[Reply]]

_RULES = resources.files("prompt_recovery.data.rules")
_CHAT_REQUEST = "{prompt}\n\n{text}"


def own_rules() -> dict[str, Rule]:
    """Return the transformation of every family: the `RULES` of each module in `rules` that has them."""
    rules: dict[str, Rule] = {}
    for file in sorted(entry.name for entry in _RULES.iterdir()):
        if file.endswith(".py") and not file.startswith("_"):
            module = import_module(f"prompt_recovery.data.rules.{file.removesuffix('.py')}")
            rules.update(getattr(module, "RULES", {}))
    return rules


def rewriter_by_rules(seed: int) -> Rewrite:
    """Return a rewriter that applies each prompt's family rule; a row's text depends on the row and `seed` alone."""
    rules = own_rules()

    def rewrite(tasks: Sequence[Task]) -> Iterator[Reply]:
        for original, prompt in tasks:
            rng = random.Random(f"{seed}\n{prompt.text}\n{original.text}")
            yield Reply(rules[prompt.family](original.text, rng))

    return rewrite


def rewriter_by_chat(answer: Answer) -> Rewrite:
    """Return a rewriter that asks a chat model: `answer` maps user messages to the model's replies, in order."""

    def rewrite(tasks: Sequence[Task]) -> Iterator[Reply]:
        return answer([chat_message(task) for task in tasks])

    return rewrite


def chat_message(task: Task) -> str:
    """Return what a chat model is asked."""
    original, prompt = task
    return _CHAT_REQUEST.format(prompt=prompt.text, text=original.text)


def load_rewriter(
    settings: config.Rewriter, seed: int, load: Callable[[config.Rewriter], Answer] = load_answerer
) -> Rewrite:
    """Return the rewriter that the settings choose; `load` gives the chat model, if it is one."""
    return rewriter_by_rules(seed) if settings.kind == "rules" else rewriter_by_chat(load(settings))


def rewriter_identity(settings: config.Rewriter, seed: int) -> str:
    """Return what a rewrite depends on beside text and prompt: the model and its sampling, or the rules themselves."""
    if settings.kind == "rules":
        sources = sorted((entry.name, entry.read_bytes()) for entry in _RULES.iterdir() if entry.is_file())
        return f"rules {hashlib.sha256(repr(sources).encode()).hexdigest()} seed {seed}"
    return json.dumps(settings.sampling(), sort_keys=True)
