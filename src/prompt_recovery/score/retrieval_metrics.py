"""Predicted and true prompts as vectors in, the truth's place among a bank of prompts by nearness out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from prompt_recovery.score.text_metrics import normalised

RECALL_AT = (1, 5, 10)
_CHUNK = 2_000  # rows whose similarities are in memory at once
_SAME = 1e-6  # cosines of equal texts differ by that much in float32


@dataclass(frozen=True)
class Bank:
    """Prompts, of which no two are the same but for case, punctuation and articles, in the order of their drawing."""

    prompts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.prompts)

    def places(self, truths: Sequence[str]) -> np.ndarray:
        """Return where each truth stands, shape (n,); one that was not drawn stands in for the last that was."""
        place = {_key(prompt): number for number, prompt in enumerate(self.prompts)}
        return np.array([place.get(_key(truth), len(self) - 1) for truth in truths])


def draw_bank(prompts: Iterable[str], size: int, *, seed: int) -> Bank:
    """Draw at most `size` distinct prompts; the order of `prompts` does not matter."""
    distinct = {_key(prompt): prompt for prompt in sorted(set(prompts), reverse=True)}
    known = [distinct[key] for key in sorted(distinct)]
    drawn = np.random.default_rng(seed).permutation(len(known))[:size]
    return Bank(tuple(known[number] for number in drawn))


def ranks_in_bank(predicted: np.ndarray, truths: np.ndarray, bank: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the place of each truth among the bank by nearness to its prediction, 1 the nearest, shape (n,).

    `predicted`, `truths`: unit vectors, shape (n, d); `bank`: (m, d); `places`: (n,), the prompt of the bank that is
    the row's truth, or that the truth replaces. Equally near prompts come before the truth, and so do all where the
    prediction is no number, so that nothing is won by a vector that says nothing.
    """
    ranks = np.empty(len(predicted), dtype=np.int64)
    for start in range(0, len(predicted), _CHUNK):
        rows = slice(start, start + _CHUNK)
        own = np.einsum("nd,nd->n", predicted[rows], truths[rows])
        before = ~(predicted[rows] @ bank.T < own[:, None] - _SAME)
        before[np.arange(len(own)), places[rows]] = False
        ranks[rows] = 1 + before.sum(axis=1)
    return ranks


def _key(prompt: str) -> str:
    return normalised(prompt) or prompt
