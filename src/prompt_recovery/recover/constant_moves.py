"""A beam of texts in, those that a step of a constant search tries out: readable ones, or any units in any order."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prompt_recovery.recover.composing import Bounds, compose
from prompt_recovery.recover.constant_search import Budget, Evaluate, Standing
from prompt_recovery.recover.wording import Text, Wording

_PRIOR = 3.0  # edits' worth of belief in a unit's own vector
_NOISE = 0.5  # of the guesses' spread: how far down the order of guesses a unit may come from
_INSERTS, _REPLACEMENTS, _DELETIONS = 0.45, 0.4, 0.1  # of the edits; the rest are swaps
_COMBINED = 12  # of a text's edits that gained most are put together
_COMBINATIONS = 6  # drawn at random of these, beside the two best, the three best ...


@dataclass(frozen=True, eq=False)
class ReadableMoves:
    """What prompts say, composed anew: words that were neighbours in a prompt, sentences one after another."""

    wording: Wording
    phrases: tuple[Text, ...]  # of whose words and sentences texts are made, beside the beam's
    vectors: np.ndarray  # the phrases' own unit vectors, (phrases, d)
    max_words: int
    odd_weight: float  # mean SCS that a run of three words must gain that no prompt has

    def read(self, text: str) -> Text | None:
        found = self.wording.read(text)
        return found if found and len(found) <= self.max_words else None

    def spell(self, text: Text) -> str:
        return self.wording.spell(text)

    def cost(self, text: Text) -> float:
        return self.odd_weight * self.wording.oddity(text)

    def step(self, standing: Standing, slopes: np.ndarray, evaluate: Evaluate, budget: Budget) -> None:
        """Compose toward where the score of the best text rises most; the longer nothing was gained, the more."""
        steepness = float(np.linalg.norm(slopes[0]))
        others = [row for row, text in enumerate(self.phrases) if text not in set(standing.texts)]
        parents = [*standing.texts, *(self.phrases[row] for row in others)]
        vectors = np.concatenate([standing.vectors, self.vectors[others]])
        bounds = Bounds(self.max_words, len(standing.texts), self.odd_weight / steepness)
        count = budget.batch * (2 + standing.idle)
        made = compose(parents, vectors, slopes[0] / steepness, self.wording, count, bounds)
        evaluate(made, budget.batch)


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

    What an edit gains is guessed to first order: the slope's product with the vectors of the units that come less
    those that go, by the text's length, and what was learnt of a unit from edits that were embedded before.
    """

    units: tuple[str, ...]
    vectors: np.ndarray  # of each unit alone, (V, d)

    @cached_property
    def number(self) -> dict[str, int]:
        return {unit: place for place, unit in enumerate(self.units)}

    def read(self, text: str) -> Text | None:
        found = [self.number.get(f" {word}") for word in text.split()]
        return None if None in found else tuple(found)

    def spell(self, text: Text) -> str:
        return "".join(self.units[unit] for unit in text).strip()

    def cost(self, text: Text) -> float:
        return 0.0

    def step(self, standing: Standing, slopes: np.ndarray, evaluate: Evaluate, budget: Budget) -> None:
        """Edit each text of the beam, then put together what gained."""
        if not len(standing.surplus):
            standing.surplus, standing.tried = np.zeros(len(self.units)), np.zeros(len(self.units))
        rng = np.random.default_rng((budget.seed, standing.step))
        share = -(-budget.batch // len(standing.texts))
        both: list[Text] = []
        for text, vector, slope, value in zip(standing.texts, standing.vectors, slopes, standing.values, strict=True):
            promised = self.vectors @ (slope - (slope @ vector) * vector)
            edits = _edits(text, promised + standing.surplus / (_PRIOR + standing.tried), 2 * share, rng)
            gains = evaluate([edit.of(text) for edit in edits], share) - value
            _learn(standing, text, edits, gains, promised)
            both += _combinations(text, edits, gains, rng)
        evaluate(both, budget.batch)


def _edits(text: Text, worth: np.ndarray, count: int, rng: np.random.Generator) -> list[Edit]:
    inserts, replacements, deletions = (round(count * share) for share in (_INSERTS, _REPLACEMENTS, _DELETIONS))
    noisy = worth + _NOISE * worth.std() * rng.gumbel(size=len(worth))
    come = np.argsort(-noisy, kind="stable")[: inserts + replacements].tolist()
    places = rng.integers(len(text) + 1, size=inserts).tolist()
    edits = [Edit(place, place, (unit,)) for place, unit in zip(places, come, strict=False)]
    gone = rng.integers(len(text), size=replacements).tolist()
    edits += [Edit(place, place + 1, (unit,)) for place, unit in zip(gone, come[inserts:], strict=False)]
    edits += [Edit(place, place + 1, ()) for place in rng.permutation(len(text))[:deletions].tolist()]
    edits += _swaps(text, count - len(edits), rng)
    return [edits[row] for row in rng.permutation(len(edits))]


def _swaps(text: Text, count: int, rng: np.random.Generator) -> list[Edit]:
    pairs = np.sort(rng.integers(len(text), size=(max(count, 0), 2)), axis=1).tolist()
    moved = ((one, other, text[one:other]) for one, other in pairs if one < other)
    return [Edit(one, other + 1, (text[other], *between[1:], text[one])) for one, other, between in moved]


def _learn(standing: Standing, text: Text, edits: list[Edit], gains: np.ndarray, promised: np.ndarray) -> None:
    """Remember for the one unit that came what an edit gained, times the text's length, beyond what was promised."""
    for edit, gain in zip(edits, gains, strict=True):
        if len(edit.new) == 1 and np.isfinite(gain):
            (come,) = edit.new
            guess = promised[come] - promised[list(text[edit.start : edit.stop])].sum()
            standing.surplus[come] += gain * len(text) - guess
            standing.tried[come] += 1


def _combinations(text: Text, edits: list[Edit], gains: np.ndarray, rng: np.random.Generator) -> list[Text]:
    order = [row for row in np.argsort(-gains, kind="stable")[:_COMBINED] if gains[row] > 0]
    rows = [order[:size] for size in range(2, len(order) + 1)]
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
