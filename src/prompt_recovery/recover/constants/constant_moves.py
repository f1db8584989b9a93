"""A beam of texts in, those that a step of a constant search tries out: readable ones, or any units in any order."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prompt_recovery.engines.piece_exchanges import Exchange
from prompt_recovery.recover.constants.constant_search import Budget, Evaluate, Gradient, Standing
from prompt_recovery.recover.vector.composing import Bounds, compose
from prompt_recovery.recover.vector.wording import Text, Wording

_FLAT = 1e-9  # slope of a text that has nothing in common with any target
_DRAWN = 64  # phrases a step, on the clean track
_LOOKED_AT = 4  # composed texts for one that is embedded: some were so before
_PRIOR = 0.5  # edits' worth of belief that a unit is like the others
_NOISE = 0.5  # of the guesses' spread: how far down the order of guesses a unit may come from
_INSERTS, _REPLACEMENTS, _DELETIONS = 0.45, 0.2, 0.2  # of the edits of single units; the rest are swaps
_PHRASE_STEPS = 6  # with phrases: of the first 1,000 texts with one 4 to 24 % gained (MiniLM), of 721 later ones none
_LONGEST_GAP = 4  # units that a phrase takes the place of
# Of a text's edits that gained, so many of the best are put together, ...
_COMBINED = (*range(2, 12), 14, 17, 20, 24, 29, 35, 42)
_COMBINATIONS = 6  # ... and as often some at random


@dataclass(frozen=True, eq=False)
class Phrases:
    """Whole prompts and their unit vectors, (n, d), that come into a text at once."""

    texts: tuple[Text, ...]
    vectors: np.ndarray

    @property
    def mean_length(self) -> float:
        return float(np.mean([len(text) for text in self.texts] or [1]))

    def drawn(self, wanted: np.ndarray, count: int, rng: np.random.Generator) -> list[int]:
        """Return the rows of some of the phrases that lie in the direction `wanted`, shape (d,)."""
        return _first_noisy(self.vectors @ wanted, count, rng)


@dataclass(frozen=True, eq=False)
class ReadableMoves:
    """What prompts say, composed anew: words that were neighbours in a prompt, sentences one after another."""

    wording: Wording
    phrases: Phrases
    max_words: int
    odd_weight: float  # mean SCS that a run of three words must gain that no prompt has

    def read(self, text: str) -> Text | None:
        found = self.wording.read(text)
        return found if found and len(found) <= self.max_words else None

    def spell(self, text: Text) -> str:
        return self.wording.spell(text)

    def cost(self, text: Text) -> float:
        return self.odd_weight * self.wording.oddity(text)

    def step(self, standing: Standing, gradient: Gradient, evaluate: Evaluate, budget: Budget) -> None:
        """Compose of one text's words and some phrases', toward where that text's score rises most."""
        rng = np.random.default_rng((budget.seed, standing.step))
        slope = gradient(standing.vectors[standing.step % len(standing.vectors)])
        steepness = max(float(np.linalg.norm(slope)), _FLAT)
        wanted = slope / steepness
        drawn = self.phrases.drawn(wanted, _DRAWN, rng)
        parents = [*standing.texts, *(self.phrases.texts[one] for one in drawn)]
        vectors = np.concatenate([standing.vectors, self.phrases.vectors[drawn]])
        vectors *= np.array([len(text) for text in parents], dtype=np.float32)[:, None] / self.phrases.mean_length
        bounds = Bounds(self.max_words, len(standing.texts), self.odd_weight / steepness)
        evaluate(compose(parents, vectors, wanted, self.wording, _LOOKED_AT * budget.batch, bounds), budget.batch)


@dataclass(frozen=True)
class Edit:
    """`text[start:stop]` gives way to `new`."""

    start: int
    stop: int
    new: Text

    def of(self, text: Text) -> Text:
        return text[: self.start] + self.new + text[self.stop :]

    def touches(self) -> set[int]:
        """Return the words (odd) and gaps (even) that an edit of the same text must leave alone to go with this one."""
        return set(range(2 * self.start, 2 * self.stop + 1))


@dataclass(frozen=True, eq=False)
class FreeMoves:
    """Any units anywhere, `units[i]` with its leading space where it begins a word; for the leaderboard's metric alone.

    At least half of the edits exchange a piece for one near to it, as the embedder's gradient says. What others gain is
    guessed to first order: the slope's product with the vectors of the units that come less those that go, by the
    text's length, and what was learnt of a unit from edits that were embedded before.
    """

    units: tuple[str, ...]
    vectors: np.ndarray  # of the first units, each alone, (v, d): only these come in but by an exchange
    phrases: Phrases
    exchanges: Exchange | None = None

    @cached_property
    def number(self) -> dict[str, int]:
        return {unit: place for place, unit in enumerate(self.units)}

    def read(self, text: str) -> Text | None:
        return read_units(text, self.number)

    def spell(self, text: Text) -> str:
        return "".join(self.units[unit] for unit in text).strip()

    def cost(self, text: Text) -> float:
        return 0.0

    def step(self, standing: Standing, gradient: Gradient, evaluate: Evaluate, budget: Budget) -> None:
        """Edit each text of the beam, then put together what gained."""
        if not len(standing.surplus):
            standing.surplus, standing.tried = np.zeros(len(self.units)), np.zeros(len(self.units))
        rng = np.random.default_rng((budget.seed, standing.step))
        share = -(-budget.batch // len(standing.texts))
        both: list[Text] = []
        for text, vector, value in zip(standing.texts, standing.vectors, standing.values, strict=True):
            slope = gradient(vector)
            tangent = slope - (slope @ vector) * vector
            promised = np.zeros(len(self.units))
            promised[: len(self.vectors)] = self.vectors @ tangent
            text, exchanged = self._exchanged(text, tangent, share, rng)
            rest = share // 2 if exchanged else share
            worth = (promised + _expected_surplus(standing))[: len(self.vectors)]
            edits = exchanged + _edits(text, worth, rest, rng)
            if standing.step < _PHRASE_STEPS:
                edits += self._phrase_edits(text, tangent, rest, rng)
            edits = [edits[row] for row in rng.permutation(len(edits))]
            gains = evaluate([edit.of(text) for edit in edits], share) - value
            _learn(standing, text, edits, gains, promised)
            both += _combinations(text, edits, gains, rng)
        evaluate(both, budget.batch)

    def _exchanged(
        self, text: Text, direction: np.ndarray, count: int, rng: np.random.Generator
    ) -> tuple[Text, list[Edit]]:
        """Return the text in the embedder's own pieces, and edits that exchange one of them for one near to it."""
        found = self.exchanges(self.spell(text), direction) if self.exchanges else None
        own = found and tuple(self.number.get(piece) for piece in found.pieces)
        if not own or None in own:
            return text, []
        width = found.worth.shape[1]
        drawn = [divmod(row, width) for row in _first_noisy(found.worth.ravel(), count, rng)]
        new = [(place, self.number.get(found.others[place][rank])) for place, rank in drawn]
        return own, [Edit(place, place + 1, (unit,)) for place, unit in new if unit is not None]

    def _phrase_edits(self, text: Text, tangent: np.ndarray, count: int, rng: np.random.Generator) -> list[Edit]:
        drawn = [self.phrases.texts[row] for row in self.phrases.drawn(tangent, count, rng)]
        return [Edit(*_span(len(text), _LONGEST_GAP, rng), _part(phrase, rng)) for phrase in drawn]


def _span(length: int, longest: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw a start and a stop within a text of that length, at most `longest` units apart."""
    start = int(rng.integers(length + 1))
    return start, start + int(rng.integers(min(longest, length - start) + 1))


def _part(phrase: Text, rng: np.random.Generator) -> Text:
    """Draw a run of a phrase's units, or in half of the cases the whole phrase."""
    if rng.random() < 0.5:
        return phrase
    start, stop = sorted(rng.choice(len(phrase) + 1, size=2, replace=False).tolist())
    return phrase[start:stop]


def read_units(text: str, number: Mapping[str, int]) -> Text | None:
    """Return the numbers of a text's words among units, None where one is not there."""
    found = [number.get(f" {word}") for word in text.split()]
    return None if None in found else tuple(found)


def _edits(text: Text, worth: np.ndarray, count: int, rng: np.random.Generator) -> list[Edit]:
    inserts, replacements, deletions = (round(count * share) for share in (_INSERTS, _REPLACEMENTS, _DELETIONS))
    come = _first_noisy(worth, inserts + replacements, rng)
    places = rng.integers(len(text) + 1, size=inserts).tolist()
    edits = [Edit(place, place, (unit,)) for place, unit in zip(places, come, strict=False)]
    gone = rng.integers(len(text), size=replacements).tolist()
    edits += [Edit(place, place + 1, (unit,)) for place, unit in zip(gone, come[inserts:], strict=False)]
    edits += [Edit(place, place + 1, ()) for place in rng.permutation(len(text))[:deletions].tolist()]
    return edits + _swaps(text, count - len(edits), rng)


def _first_noisy(guesses: np.ndarray, count: int, rng: np.random.Generator) -> list[int]:
    """Return `count` places in the order of the guesses, each made uncertain by noise of a share of their spread."""
    if not len(guesses):
        return []
    noisy = guesses + _NOISE * guesses.std() * rng.gumbel(size=len(guesses))
    return np.argsort(-noisy, kind="stable")[:count].tolist()


def _swaps(text: Text, count: int, rng: np.random.Generator) -> list[Edit]:
    pairs = np.sort(rng.integers(len(text), size=(max(count, 0), 2)), axis=1).tolist()
    moved = ((one, other, text[one:other]) for one, other in pairs if one < other)
    return [Edit(one, other + 1, (text[other], *between[1:], text[one])) for one, other, between in moved]


def _expected_surplus(standing: Standing) -> np.ndarray:
    """Return what a unit gains beyond the promise, (V,); that of one that was not tried is the mean of the tried."""
    mean = standing.surplus.sum() / max(standing.tried.sum(), 1)
    return (standing.surplus + _PRIOR * mean) / (_PRIOR + standing.tried)


def _learn(standing: Standing, text: Text, edits: list[Edit], gains: np.ndarray, promised: np.ndarray) -> None:
    """Remember for the one unit that came what an edit gained, times the text's length, beyond what was promised."""
    for edit, gain in zip(edits, gains, strict=True):
        if len(edit.new) == 1 and np.isfinite(gain):
            (come,) = edit.new
            guess = promised[come] - promised[list(text[edit.start : edit.stop])].sum()
            standing.surplus[come] += gain * len(text) - guess
            standing.tried[come] += 1


def _combinations(text: Text, edits: list[Edit], gains: np.ndarray, rng: np.random.Generator) -> list[Text]:
    order = [row for row in np.argsort(-gains, kind="stable")[: _COMBINED[-1]] if gains[row] > 0]
    rows = [order[:size] for size in _COMBINED if size <= len(order)]
    if len(order) > 2:
        rows += [rng.permutation(order)[: rng.integers(2, len(order))] for _ in range(_COMBINATIONS)]
    return [_applied(text, [edits[row] for row in own]) for own in rows]


def _applied(text: Text, edits: list[Edit]) -> Text:
    """Apply, of the edits, those that touch nothing of an earlier one."""
    taken: set[int] = set()
    chosen = []
    for edit in edits:
        if not edit.touches() & taken:
            taken |= edit.touches()
            chosen.append(edit)
    for edit in sorted(chosen, key=lambda one: -one.start):
        text = edit.of(text)
    return text
