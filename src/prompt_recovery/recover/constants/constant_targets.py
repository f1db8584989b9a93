"""Weighted prompts in, the score of any vector as the one answer to all of them out, and the score's gradient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prompt_recovery.errors import InputError
from prompt_recovery.metric import SHARPNESS, sharpened_cosine_matrix

Embed = Callable[[Sequence[str]], np.ndarray]
_AT_A_TIME = 256  # candidates: their cosines with all prompts are held at once
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Targets:
    """Unit vectors of the prompts that one answer must be near to, shape (n, d), and their weights, summing to 1."""

    vectors: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, weight: Mapping[str, float], embed: Embed) -> "Targets":
        """Embed the prompts, each once. Raises InputError for no prompts, bad weights, and vectors that are none."""
        weights = np.array(list(weight.values()), dtype=np.float64)
        if not len(weights):
            raise InputError(
                "the prompts of a constant: found none, expected at least one. Look at the triples' parts."
            )
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
            raise InputError("the prompts of a constant: expected weights of at least 0 and one above, found others.")
        vectors = unit_vectors(embed, list(weight))
        return cls(vectors.astype(np.float32), weights / weights.sum())

    def scores(self, candidates: np.ndarray) -> np.ndarray:
        """Return the weighted mean SCS of each unit vector with all prompts; (m, d) -> (m,), in [-1, 1]."""
        parts = np.array_split(candidates.astype(np.float32), len(candidates) // _AT_A_TIME + 1)
        return np.concatenate([self.weights @ sharpened_cosine_matrix(self.vectors, part) for part in parts])

    def gradient(self, vector: np.ndarray) -> np.ndarray:
        """Return the derivative of the score by the vector, shape (d,), float32, not projected."""
        slopes = self.weights * SHARPNESS * (self.vectors @ vector) ** (SHARPNESS - 1)
        return slopes.astype(np.float32) @ self.vectors


def unit_vectors(embed: Embed, texts: Sequence[str]) -> np.ndarray:
    """Return the texts' vectors, shape (n, d). Raises InputError where one is no unit vector, NaN included."""
    vectors = np.asarray(embed(texts))
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise InputError(f"the embedder gave an array {vectors.shape} for {len(texts)} texts: expected a vector each.")
    off = np.abs(np.linalg.norm(vectors, axis=1) - 1)
    bad = ~(off < _UNIT_TOLERANCE)  # true for NaN too
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"the embedder gave no unit vector for {bad.sum()} of {len(texts)} texts, such as {texts[row]!r}: "
            "NaN or another length. Choose another embedder, or run it in 32 bits."
        )
    return vectors
