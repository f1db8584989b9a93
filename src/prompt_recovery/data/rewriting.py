"""Originals and prompts in, rewritten texts out: by the project's own rules or by a chat model."""

import random
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module, resources

from prompt_recovery.data.originals import Original
from prompt_recovery.data.prompts import Prompt

Rule = Callable[[str, random.Random], str]
Task = tuple[Original, Prompt]
Rewrite = Callable[[Sequence[Task]], Iterator[str]]

_CHAT_REQUEST = "{prompt}\n\n{text}"


def own_rules() -> dict[str, Rule]:
    """Return the transformation of every family: the `RULES` of each module in `rules` that has them."""
    rules: dict[str, Rule] = {}
    for file in sorted(entry.name for entry in resources.files("prompt_recovery.data.rules").iterdir()):
        if file.endswith(".py") and not file.startswith("_"):
            module = import_module(f"prompt_recovery.data.rules.{file.removesuffix('.py')}")
            rules.update(getattr(module, "RULES", {}))
    return rules


def rewriter_by_rules(seed: int) -> Rewrite:
    """Return a rewriter that applies each prompt's family rule; a row's text depends on the row and `seed` alone."""
    rules = own_rules()

    def rewrite(tasks: Sequence[Task]) -> Iterator[str]:
        for original, prompt in tasks:
            rng = random.Random(f"{seed}\n{prompt.text}\n{original.text}")
            yield rules[prompt.family](original.text, rng)

    return rewrite


def rewriter_by_chat(answer: Callable[[Sequence[str]], Iterator[str]]) -> Rewrite:
    """Return a rewriter that asks a chat model: `answer` maps user messages to the model's replies, in order."""

    def rewrite(tasks: Sequence[Task]) -> Iterator[str]:
        return answer([_CHAT_REQUEST.format(prompt=prompt.text, text=original.text) for original, prompt in tasks])

    return rewrite
