"""Ranked answers of all rows in, each row's different speakable ones, and the best few one behind the other, out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

import numpy as np
import pandas as pd

from prompt_recovery.errors import InputError
from prompt_recovery.recover.leaderboard.text_parts import is_spoken

Embed = Callable[[Sequence[str]], np.ndarray]
# what a text is built around: the best clean answer, the constant, or the text that is bound by no wording
Core = Literal["answer", "constant", "free"]


@dataclass(frozen=True, eq=False)
class AnsweredRows:
    """What is known of n rows, in the order in which their ids come in the ranking.

    `ranking`: id, rewrite_prompt, kind, utility, the rows of an id together, best first. `means`: predicted vectors of
    the prompts, shape (n, d), whose product with a text's unit vector is the cosine to be expected. `free`: a text a
    row, decoded on the leaderboard's track.
    """

    ranking: pd.DataFrame
    means: np.ndarray | None = None
    free: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Raise InputError unless each id's rows stand together, and each id has a mean and a free text where given."""
        ids = self.ids
        if len(ids) != len(set(ids)):
            raise InputError("combining: the ranking's rows of an id do not stand together. Sort them by id and rank.")
        for name in ("means", "free"):
            given = getattr(self, name)
            if given is not None and len(given) != len(ids):
                raise InputError(f"combining: {len(given)} {name} for {len(ids)} ids: expected one each.")

    @property
    def ids(self) -> list[str]:
        """Return the id of each row."""
        return [id_ for id_, _ in groupby(self.ranking["id"])]

    def by_id(self) -> Iterator[list[tuple[str, str, str, float]]]:
        """Yield the ranking's id, rewrite_prompt, kind and utility, a list a row."""
        columns = (self.ranking[name] for name in ("id", "rewrite_prompt", "kind", "utility"))
        return (list(own) for _, own in groupby(zip(*columns, strict=True), key=itemgetter(0)))


@dataclass(frozen=True)
class Answers:
    """A row's different answers, best first, and the utility of the ranking's best; there may be none."""

    texts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    utility: float = 0.0


def answers_of(rows: AnsweredRows, core: Core) -> list[Answers]:
    """Return each row's answers; with `free` in the core the free text comes first.

    Left out is what has no words or reads as null, and what differs from another one only in case and white space.
    """
    free = rows.free if core == "free" and rows.free is not None else [None] * len(rows.ids)
    return [_answers(own, text) for own, text in zip(rows.by_id(), free, strict=True)]


def _answers(ranked: Sequence[tuple[str, str, str, float]], free: str | None) -> Answers:
    said = [(free, "decoded"), *((text, kind) for _, text, kind, _ in ranked)]
    different: dict[str, tuple[str, str]] = {}
    for text, kind in said:
        if is_spoken(text):
            line = " ".join(text.split())
            different.setdefault(line.casefold(), (line, kind))
    texts, kinds = zip(*different.values(), strict=True) if different else ((), ())
    return Answers(texts, kinds, float(ranked[0][3]))


def concatenated(answers: Sequence[Answers], most: int, means: np.ndarray | None, embed: Embed) -> list[list[str]]:
    """Return at most `most` answers of each row, the best first.

    With means, those are added that bring the text's expected vector nearest to the mean, as long as they do; without,
    they come in their order.
    """
    if most == 1 or means is None:
        return [list(own.texts[:most]) for own in answers]
    vectors = embed([text for own in answers for text in own.texts])
    ends = np.cumsum([len(own.texts) for own in answers])
    return [
        [own.texts[place] for place in _nearing(own.texts, vectors[end - len(own.texts) : end], mean, most)]
        for own, end, mean in zip(answers, ends, means, strict=True)
    ]


def _nearing(texts: Sequence[str], vectors: np.ndarray, mean: np.ndarray, most: int) -> list[int]:
    """Return the places of the texts to put one behind the other.

    The vector of texts in a row is taken for the mean of theirs, each as heavy as it has words: the embedders pool
    their pieces by the mean.
    """
    if not texts:
        return []
    weighted = vectors * np.array([[len(text.split())] for text in texts])
    taken, total = [0], weighted[0]
    while len(taken) < min(most, len(texts)):
        totals = total + weighted
        near = totals @ mean / np.maximum(np.linalg.norm(totals, axis=1), 1e-9)
        near[taken] = -np.inf
        best = int(near.argmax())
        if near[best] <= total @ mean / np.linalg.norm(total):
            break
        taken.append(best)
        total = totals[best]
    return taken
