"""Hypotheses of one row and weighted references in, the hypothesis of highest expected sharpened cosine out."""

from collections.abc import Sequence

import numpy as np

from prompt_recovery.metric import SHARPNESS


def softmax_weights(log_probabilities: Sequence[float], temperature: float) -> np.ndarray:
    """Return weights that add up to 1, shape (n,); what is no number weighs nothing, and all alike if none is one."""
    logits = np.asarray(log_probabilities, dtype=np.float64) / temperature
    known = np.isfinite(logits)
    if not known.any():
        return np.full(len(logits), 1 / max(len(logits), 1))
    weights = np.where(known, np.exp(np.where(known, logits, 0) - logits[known].max()), 0.0)
    return weights / weights.sum()


def expected_utilities(hypotheses: np.ndarray, references: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sum_j w_j max(cos(h, r_j), 0) ** 3 -> shape (n,), in [0, 1]; unit vectors (n, d) and (m, d)."""
    return np.maximum(hypotheses @ references.T, 0) ** SHARPNESS @ weights


def choose(texts: Sequence[str], utilities: np.ndarray, factors: np.ndarray | float = 1.0) -> tuple[int, float]:
    """Return the place and the confidence of the best text; among equals the shortest, then the first by alphabet."""
    gated = np.round(utilities * factors, 9)
    best = min(range(len(texts)), key=lambda place: (-gated[place], len(texts[place]), texts[place]))
    return best, float(gated[best])
