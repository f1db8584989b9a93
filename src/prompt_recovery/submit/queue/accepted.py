"""What an answerer returned for some rows in, the answers that may stand in a submission out."""

from typing import NamedTuple

import pandas as pd

from prompt_recovery.tables import READS_AS_NULL

MAX_CHARACTERS = 10_000  # of an answer: the embedder of the metric reads 127 pieces, some 600 characters


class Answer(NamedTuple):
    """A text and who gave it; or no text, and in `answered_by` why it is none."""

    text: str | None
    answered_by: str


def accepted(answers: object, ids: list[str]) -> list[Answer]:
    """Return the answer of each row. Raises ValueError unless `answers` is a frame of just these rows, in order."""
    wanted = ["id", "rewrite_prompt", "answered_by"]
    if not isinstance(answers, pd.DataFrame) or not set(wanted) <= set(answers.columns):
        raise ValueError(f"answers are no frame with the columns {', '.join(wanted)}")
    if list(answers["id"]) != ids:
        raise ValueError("answers are of other rows than those that were asked for")
    return [_answer(*row) for row in zip(answers["rewrite_prompt"], answers["answered_by"], strict=True)]


def _answer(text: object, answered_by: object) -> Answer:
    if not isinstance(text, str) or text.strip() in READS_AS_NULL:
        return Answer(None, "the answer is empty or reads as null")
    if len(text.splitlines()) > 1:
        return Answer(None, "the answer has several lines")
    if len(text) > MAX_CHARACTERS:
        return Answer(None, f"the answer has over {MAX_CHARACTERS} characters")
    return Answer(text, str(answered_by))
