"""Each row's ranked answers and a constant in, one text a row for the metric alone out, never over the embedder's cap.

What the text is made of is a `Combination`, which `combination_fitting` fits on validation rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from prompt_recovery.metric import SHARPNESS
from prompt_recovery.recover.leaderboard.answered_rows import AnsweredRows, Answers, Core, answers_of, concatenated
from prompt_recovery.recover.leaderboard.cluster_constants import ClusterConstants, cluster_constants_of
from prompt_recovery.recover.leaderboard.text_parts import Part, Parts, held, is_spoken, new_words
from prompt_recovery.recover.piece_limit import PieceLimit

Embed = Callable[[Sequence[str]], np.ndarray]
Place = Literal["nowhere", "before", "after"]
# Of a text over the cap the highest goes first.
_SUFFIX, _FIRST, _CONSTANT, _FURTHER = range(4)


@dataclass(frozen=True)
class Combination:
    """How the texts are put together; `validation`: each step's name and the mean SCS that it brought it to."""

    constant: str
    core: Core = "constant"
    answers: int = 1  # at most so many different ones, one behind the other
    constant_place: Place = "nowhere"  # beside the answers
    slot: float | None = None  # share of the constant's words before the answers' new ones; None: none are put in
    min_confidence: float = 0.0  # utility of a row's best answer; below it, the row is given the constant alone
    clusters: ClusterConstants | None = None
    suffix: str = ""
    others: tuple["Combination", ...] = ()  # a row is given one of these where a higher score is to be expected of it
    validation: tuple[tuple[str, float], ...] = ()

    @property
    def forms(self) -> tuple["Combination", ...]:
        """Return all the ways in which a row's text may be put together."""
        return (replace(self, others=()), *self.others)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def combination_of(values: Mapping[str, Any]) -> Combination:
    """Return the combination that `to_json` gave."""
    clusters = values["clusters"] and cluster_constants_of(values["clusters"])
    steps = tuple((name, score) for name, score in values["validation"])
    others = tuple(combination_of(other) for other in values["others"])
    return Combination(**{**values, "clusters": clusters, "others": others, "validation": steps})


def combine(combination: Combination, rows: AnsweredRows, embed: Embed, limit: PieceLimit) -> pd.DataFrame:
    """Answer every row -> id, rewrite_prompt, answered_by, confidence; no text is over the limit, empty or null.

    `answered_by`: the kind of the first answer that is in the text, else `constant`. `confidence`: the sharpened cosine
    to be expected of the text, or, without means, the utility of the row's best answer. Of several forms of a row the
    one of highest confidence is taken, the first of equal ones. An answer by rule stands alone, the suffix apart.
    """
    by_rule = rows.ranking.drop_duplicates("id")["kind"].to_numpy() == "rule"
    alone = Combination(combination.constant, "answer", suffix=combination.suffix)
    forms = [*combination.forms, alone] if by_rule.any() else combination.forms
    frames = [_combined(form, rows, embed, limit) for form in forms]
    best = np.argmax([frame["confidence"] for frame in frames[: len(combination.forms)]], axis=0)
    best[by_rule] = len(frames) - 1
    stacked = pd.concat(frames, ignore_index=True)
    return stacked.iloc[best * len(best) + np.arange(len(best))].reset_index(drop=True)


def _combined(combination: Combination, rows: AnsweredRows, embed: Embed, limit: PieceLimit) -> pd.DataFrame:
    answers = answers_of(rows, combination.core)
    constants = _constants(combination, answers, rows.means, embed)
    taken = _taken(combination, answers, rows.means, embed)
    parts = [_parts(combination, *row) for row in zip(constants, taken, strict=True)]
    texts = [text if is_spoken(text) else limit.cut(combination.constant) for text in held(parts, limit)]
    return pd.DataFrame({
        "id": rows.ids,
        "rewrite_prompt": texts,
        "answered_by": [own.kinds[0] if said else "constant" for own, said in zip(answers, taken, strict=True)],
        "confidence": _confidence(texts, answers, rows.means, embed),
    })  # fmt: skip


def _constants(
    combination: Combination, answers: Sequence[Answers], means: np.ndarray | None, embed: Embed
) -> list[str]:
    """Return each row's constant: its cluster's, where that is safe, else the one of all rows."""
    constants = [combination.constant] * len(answers)
    if combination.clusters is None or means is None:
        return constants
    rows = [row for row, own in enumerate(answers) if own.texts]
    agreed = combination.clusters.agreed(means[rows], embed([answers[row].texts[0] for row in rows])) if rows else []
    for row, constant in zip(rows, agreed, strict=True):
        constants[row] = constant if is_spoken(constant) else combination.constant
    return constants


def _taken(
    combination: Combination, answers: Sequence[Answers], means: np.ndarray | None, embed: Embed
) -> list[list[str]]:
    """Return the answers whose words go into each row's text."""
    if combination.core == "constant" and combination.slot is None:
        return [[] for _ in answers]
    unsure = [own.utility < combination.min_confidence for own in answers]
    answers = [Answers() if is_unsure else own for own, is_unsure in zip(answers, unsure, strict=True)]
    return concatenated(answers, combination.answers, means, embed)


def _parts(combination: Combination, constant: str, taken: Sequence[str]) -> Parts:
    suffix = Part(combination.suffix, _SUFFIX)
    if combination.core == "constant" or not taken:
        return (*_filled(constant, combination.slot or 0.0, taken), suffix)
    said = (Part(taken[0], _FIRST), *(Part(text, _FURTHER, whole=True) for text in taken[1:]))
    beside = (Part(constant, _CONSTANT),)
    return {"nowhere": said, "before": beside + said, "after": said + beside}[combination.constant_place] + (suffix,)


def _filled(constant: str, slot: float, taken: Sequence[str]) -> Parts:
    words = constant.split()
    head, tail = (" ".join(own) for own in (words[: round(slot * len(words))], words[round(slot * len(words)) :]))
    new = " ".join(new_words(" ".join(taken), constant))
    return Part(head, _CONSTANT), Part(new, _FURTHER), Part(tail, _CONSTANT)


def _confidence(texts: Sequence[str], answers: Sequence[Answers], means: np.ndarray | None, embed: Embed) -> np.ndarray:
    if means is None:
        return np.array([own.utility for own in answers])
    return np.maximum(np.einsum("nd,nd->n", embed(texts), means), 0) ** SHARPNESS
