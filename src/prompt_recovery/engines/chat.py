"""A pair of texts in, token ids in the model's own chat format out: the one place that knows the task's question."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import TemplateError

from prompt_recovery import config
from prompt_recovery.errors import InputError

Triple = tuple[str, str, str]  # original text, rewritten text, rewrite prompt
_GAP = " ... "  # stands where the middle of a long text was
# Some templates write today's date (Llama 3.2, Mistral Small 3): a prompt would change from day to day. Theirs is this
# one, that Llama 3.1 falls back to; as a macro, for transformers hands a template only plain data.
_DAY = datetime(2024, 7, 26)
_DAY_CODES = " ".join(f"| replace('%{code}', '{_DAY.strftime('%' + code)}')" for code in "aAbBdeHIjmMpSyY")
_TODAY = f"{{% macro strftime_now(form) %}}{{{{ form {_DAY_CODES} }}}}{{% endmacro +%}}"
_THINKING = ("<think>", "</think>")  # no special tokens of Qwen 3, but its template cuts an answer there


@dataclass(frozen=True)
class Example:
    """One training row. `prompt_length` tokens of `ids` are given, the rest (answer and end of turn) is to be said."""

    ids: list[int]
    prompt_length: int
    trimmed: bool


class ChatFormat:
    """Builds ids with the chat template of one tokeniser; a system turn is there only if the template adds its own."""

    def __init__(self, tokenizer: Any, settings: config.Chat):
        if not tokenizer.chat_template:
            raise InputError(f"{tokenizer.name_or_path}: the tokeniser has no chat template; choose a chat model.")
        self.tokenizer = tokenizer
        self.settings = settings
        self._template = _TODAY + tokenizer.get_chat_template()
        added = {index: token.content for index, token in tokenizer.added_tokens_decoder.items() if token.special}
        self._special = frozenset(tokenizer.all_special_ids) | added.keys()
        control = {*added.values(), *tokenizer.all_special_tokens, *_THINKING}
        self._control = re.compile("|".join(map(re.escape, sorted(control))))

    def message(self, text: str) -> list[int]:
        """Return the ids of one user message up to where the model answers."""
        return self._encode([self._render(text)])[0]

    def prompt(
        self, original_text: str, rewritten_text: str, shots: Sequence[Triple] = (), max_shot_tokens: int = 0
    ) -> list[int]:
        """Return the ids of the task's question about two texts, up to where the model answers.

        `shots`: (original, rewritten, rewrite prompt) that were asked and answered earlier in the conversation, each
        of their texts trimmed to `max_shot_tokens`.
        """
        turns = [turn for shot in shots for turn in self._shot(shot, max_shot_tokens)]
        return self._encode([self._render(self._question(original_text, rewritten_text)[0], earlier=turns)])[0]

    def examples(self, triples: Iterable[Triple]) -> list[Example]:
        """Turn (original, rewritten, rewrite prompt) into rows that end with the end of the turn; no answer is cut.

        Raises InputError when the template fails, drops a turn, or does not keep the prompt as a prefix of the
        conversation.
        """
        questions = [(*self._question(original, rewritten), answer) for original, rewritten, answer in triples]
        given_ids = self._encode([self._render(question) for question, _, _ in questions])
        all_ids = self._encode([self._render(question, answer) for question, _, answer in questions])
        return [
            self._example(given, ids, trimmed)
            for given, ids, (_, trimmed, _) in zip(given_ids, all_ids, questions, strict=True)
        ]

    def stop_ids(self) -> list[int]:
        """Return the ids that end an answer: the tokeniser's eos and what the template sets after an answer."""
        return sorted({self.examples([("a", "b", "c")])[0].ids[-1], self.tokenizer.eos_token_id})

    def opening_ids(self, text: str) -> tuple[int, ...]:
        """Return the ids of an answer's first words as training would set them; of "" none."""
        if not text:
            return ()
        example = self.examples([("a", "b", text)])[0]
        return tuple(example.ids[example.prompt_length : -1])

    def _example(self, given: list[int], ids: list[int], trimmed: bool) -> Example:
        if ids[: len(given)] != given:
            raise self._refusal(
                "changes the prompt once an answer follows, so training and generation would differ (of a model that "
                "thinks first, look whether chat.template_options can turn that off)"
            )
        said = ids[len(given) :]
        end = next((place for place, token in enumerate(said) if token in self._special), None)
        answer = [*said, self.tokenizer.eos_token_id] if end is None else said[: end + 1]
        return Example(given + answer, len(given), trimmed)

    def _question(self, original_text: str, rewritten_text: str, budget: int | None = None) -> tuple[str, bool]:
        """Return the user's message, and whether a text was trimmed to its token budget."""
        budget = budget or self.settings.max_text_tokens
        (original, cut), (rewritten, cut_too) = self._trim(original_text, budget), self._trim(rewritten_text, budget)
        text = f"Original text:\n{original}\n\nRewritten text:\n{rewritten}\n\n{self.settings.instruction}"
        return text, cut or cut_too

    def _shot(self, shot: Triple, budget: int) -> list[tuple[str, str]]:
        original, rewritten, answer = shot
        question, _ = self._question(original, rewritten, budget)
        return [("user", question), ("assistant", answer)]

    def _render(self, question: str, answer: str | None = None, earlier: Sequence[tuple[str, str]] = ()) -> str:
        said = [*earlier, ("user", question), *([] if answer is None else [("assistant", answer)])]
        messages = [{"role": role, "content": self._as_text(content).strip()} for role, content in said]
        try:
            text = self.tokenizer.apply_chat_template(
                messages,
                tokenize=False,
                add_generation_prompt=answer is None,
                chat_template=self._template,
                **self.settings.template_options,
            )
        except (TemplateError, TypeError) as error:
            raise self._refusal(f"fails on a user's message and an answer, both plain text ({error})") from error
        for message in messages:
            if message["content"] not in text:
                turn = f"that of the {message['role']}: {message['content']!r:.200}"
                raise self._refusal(f"drops or changes a turn, {turn}")
        return text

    def _refusal(self, fault: str) -> InputError:
        subject = f"{self.tokenizer.name_or_path}: the chat template (or the tokeniser)"
        return InputError(f"{subject} {fault}. Choose another model, or mend its chat template.")

    def _as_text(self, text: str) -> str:
        """Part the letters of control tokens that stand in a text: `</s>` of a web page must not end a turn."""
        return self._control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)

    def _encode(self, texts: list[str]) -> list[list[int]]:
        return self.tokenizer(texts, add_special_tokens=False).input_ids  # the template wrote BOS already

    def _trim(self, text: str, budget: int) -> tuple[str, bool]:
        """Keep head and tail of a text that is over its budget of tokens."""
        if len(text.encode()) <= budget:  # a token has at least one byte
            return text, False
        ids = self._encode([text])[0]
        if len(ids) <= budget:
            return text, False
        head, tail = ids[: budget // 2], ids[-(budget - budget // 2) :]
        return self.tokenizer.decode(head) + _GAP + self.tokenizer.decode(tail), True
