"""A pair of texts in, token ids in the model's own chat format out: the one place that knows the task's question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prompt_recovery import config
from prompt_recovery.errors import InputError

Triple = tuple[str, str, str]  # original text, rewritten text, rewrite prompt
_GAP = " ... "  # stands where the middle of a long text was


@dataclass(frozen=True)
class Example:
    """One training row. `prompt_length` tokens of `ids` are given, the rest (answer and end of turn) is to be said."""

    ids: list[int]
    prompt_length: int
    trimmed: bool


class ChatFormat:
    """Builds ids with the chat template of one tokeniser, without a system turn."""

    def __init__(self, tokenizer: Any, settings: config.Chat):
        if not tokenizer.chat_template:
            raise InputError(f"{tokenizer.name_or_path}: the tokeniser has no chat template; choose a chat model.")
        self.tokenizer = tokenizer
        self.settings = settings
        self._special = frozenset(tokenizer.all_special_ids) | {
            index for index, token in tokenizer.added_tokens_decoder.items() if token.special
        }

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

        Raises InputError when the template does not keep the prompt as a prefix of the conversation.
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

    def _example(self, given: list[int], ids: list[int], trimmed: bool) -> Example:
        if ids[: len(given)] != given:
            raise InputError(
                f"{self.tokenizer.name_or_path}: the chat template or tokeniser changes the prompt once an answer "
                "follows, so training and generation would differ. Choose another model or mend its chat template."
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

    def _shot(self, shot: Triple, budget: int) -> list[dict[str, str]]:
        original, rewritten, answer = shot
        question, _ = self._question(original, rewritten, budget)
        return [{"role": "user", "content": question}, {"role": "assistant", "content": answer.strip()}]

    def _render(self, question: str, answer: str | None = None, earlier: Sequence[dict[str, str]] = ()) -> str:
        messages = [*earlier, {"role": "user", "content": question}]
        if answer is not None:
            messages.append({"role": "assistant", "content": answer.strip()})
        return self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=answer is None)

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
