"""Seed texts and moves in, the text that answers best for all targets out, found step by step.

Each step makes texts of those in the beam, embeds the new ones in big batches and keeps the best. After each step the
search stands whole in a file; stopped anywhere, it goes on from there to the same end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
from threadpoolctl import threadpool_limits

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import whole_or_absent
from prompt_recovery.recover.constants.constant_targets import Embed, Targets, unit_vectors
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.wording import Text
from prompt_recovery.tables import READS_AS_NULL


@dataclass(eq=False)
class Standing:
    """Where a search stands: the beam's texts, the best first, their unit vectors (b, d), scores and values (b,).

    A value is a score less what the text's oddity costs; the beam is ordered by it.
    """

    texts: list[Text]
    vectors: np.ndarray
    scores: np.ndarray
    values: np.ndarray
    step: int = 0
    embedded: int = 0
    idle: int = 0  # steps since the best text changed
    known: set[int] = field(default_factory=set)  # hashes of the texts that were embedded
    surplus: np.ndarray = field(default_factory=lambda: np.zeros(0))  # what the moves learnt of each unit, (V,)
    tried: np.ndarray = field(default_factory=lambda: np.zeros(0))  # edits that this was learnt from, (V,)


# Texts and how many of the new ones to embed, the first ones -> their values; of those not embedded, minus infinity
Evaluate = Callable[[Sequence[Text], int], np.ndarray]
Gradient = Callable[[np.ndarray], np.ndarray]  # a unit vector -> the score's derivative by it, (d,)


class Moves(Protocol):
    """How texts are spelt, what they cost, and what a step makes of a beam."""

    def read(self, text: str) -> Text | None:
        """Return the numbers of a text's units; None where one is not known, or there are too many."""

    def spell(self, text: Text) -> str:
        """Return the text itself."""

    def cost(self, text: Text) -> float:
        """Return how much mean SCS the text must be better by than one that costs nothing."""

    def step(self, standing: Standing, gradient: Gradient, evaluate: Evaluate, budget: "Budget") -> None:
        """Evaluate new texts, in one or more batches."""


@dataclass(frozen=True)
class Budget:
    """How far a search goes: texts embedded in all, texts a step, texts kept, steps without gain before it ends."""

    candidates: int
    batch: int
    beam: int
    patience: int
    seed: int = 0


@dataclass(frozen=True)
class Place:
    """The file that a search stands in, and the key of all that it must have in common with what stands there."""

    file: Path
    key: str


@dataclass(eq=False)
class _Search:
    targets: Targets
    moves: Moves
    embed: Embed
    limit: PieceLimit
    budget: Budget
    standing: Standing

    def advance(self) -> None:
        """Take one step."""
        standing, best = self.standing, self.standing.values[0]
        pool = _Pool(self)
        self.moves.step(standing, self.targets.gradient, pool.evaluate, self.budget)
        pool.keep_best()
        standing.step += 1
        standing.idle = 0 if standing.values[0] > best else standing.idle + 1

    def over(self) -> bool:
        return self.standing.embedded >= self.budget.candidates or self.standing.idle >= self.budget.patience


@dataclass(eq=False)
class _Pool:
    """The texts that were embedded in a step."""

    search: _Search
    texts: list[Text] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def evaluate(self, texts: Sequence[Text], most: int) -> np.ndarray:
        """Embed the first `most` texts that are new, short enough and within the budget -> all values, shape (n,)."""
        standing = self.search.standing
        spelt = {text: self.search.moves.spell(text) for text in texts}
        new = {own: text for text, own in spelt.items() if own and _hash(own) not in standing.known}
        room = min(max(self.search.budget.candidates - standing.embedded, 0), most)
        left, fitting = (own for own in new if own not in READS_AS_NULL), list[str]()
        while part := list(islice(left, room - len(fitting))):  # no more are counted than it takes
            fitting += self.search.limit.fitting(part)
        values = dict.fromkeys(spelt, -np.inf)
        if fitting:
            self._add([new[own] for own in fitting], fitting)
            values |= dict(zip(self.texts[-len(fitting) :], self.values[-len(fitting) :], strict=True))
        return np.array([values[text] for text in texts])

    def _add(self, texts: list[Text], spelt: list[str]) -> None:
        vectors = unit_vectors(self.search.embed, spelt)
        scores = self.search.targets.scores(vectors)
        standing = self.search.standing
        standing.embedded += len(texts)
        standing.known |= {_hash(own) for own in spelt}
        self.texts += texts
        self.vectors += list(vectors)
        self.scores += scores.tolist()
        costs = [self.search.moves.cost(text) for text in texts]
        self.values += (scores - costs).tolist()

    def keep_best(self) -> None:
        """Let the best of the beam and of these texts be the beam."""
        standing = self.search.standing
        texts = [*standing.texts, *self.texts]
        values = np.array([*standing.values, *self.values])
        order = np.argsort(-values, kind="stable")[: self.search.budget.beam]
        standing.texts = [texts[row] for row in order]
        standing.vectors = np.array([*standing.vectors, *self.vectors])[order]
        standing.scores = np.array([*standing.scores, *self.scores])[order]
        standing.values = values[order]


@threadpool_limits.wrap(limits=1, user_api="blas")
def search_text(
    targets: Targets,
    seeds: Sequence[Text],
    moves: Moves,
    embed: Embed,
    limit: PieceLimit,
    budget: Budget,
    *,
    place: Place | None = None,
    show: Callable[[Standing], None] = lambda standing: None,
) -> Standing:
    """Search from `seeds` until the budget is spent, or nothing was gained for as many steps as its patience.

    What stands at `place` with the same key is gone on from. Numpy's products take one thread meanwhile: its idle
    threads would keep the cores from torch's. Raises InputError when no seed is within the limit.
    """
    standing = read_standing(place) if place else None
    search = _Search(targets, moves, embed, limit, budget, standing or Standing([], *_nothing()))
    if not standing:
        seeding = _Pool(search)
        seeding.evaluate(seeds, len(seeds))
        seeding.keep_best()
    if not search.standing.texts:
        raise InputError(
            f"constant search: none of {len(seeds)} first texts is within {limit.max_pieces} pieces of the embedder, "
            "expected one at least. Look at the training prompts."
        )
    show(search.standing)
    while not search.over():
        search.advance()
        if place:
            write_standing(search.standing, place)
        show(search.standing)
    return search.standing


def write_standing(standing: Standing, place: Place) -> None:
    """Write a standing, whole or not at all."""
    known = np.array(sorted(standing.known), dtype=np.uint64)
    counts = np.array([standing.step, standing.embedded, standing.idle])
    with whole_or_absent(place.file) as partial, partial.open("wb") as file:
        np.savez(
            file,
            key=np.array(place.key),
            units=np.concatenate([np.array(text, dtype=np.int64) for text in standing.texts]),
            lengths=np.array([len(text) for text in standing.texts]),
            **{name: getattr(standing, name) for name in ("vectors", "scores", "values", "surplus", "tried")},
            known=known,
            counts=counts,
        )


def read_standing(place: Place) -> Standing | None:
    """Return what stands there; None where nothing does, or a search of another key."""
    try:
        with np.load(place.file, allow_pickle=False) as held:
            if str(held["key"]) != place.key:
                return None
            ends = np.cumsum(held["lengths"])[:-1]
            texts = [tuple(units.tolist()) for units in np.split(held["units"], ends)]
            arrays = {name: held[name] for name in ("vectors", "scores", "values", "surplus", "tried")}
            step, embedded, idle = held["counts"].tolist()
            known = set(held["known"].tolist())
    except FileNotFoundError:
        return None
    except (BadZipFile, KeyError, ValueError, EOFError):
        raise InputError(
            f"{place.file}: is no standing of a constant search. Delete it; the search begins anew."
        ) from None
    return Standing(texts, step=step, embedded=embedded, idle=idle, known=known, **arrays)


def _nothing() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros((0, 0), dtype=np.float32), np.zeros(0), np.zeros(0)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
