"""Two scores of each row in, their mean difference out, with its interval and its p-value, both by prompt family."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.score.intervals import cluster_bootstrap


@dataclass(frozen=True)
class Difference:
    """Mean of (second - first) over the rows, its cluster bootstrap interval, and how likely chance is as far from 0.

    `p_value`: two-sided, of the mean over families, so a family of many rows weighs no more there than one of few.
    """

    mean: float
    low: float
    high: float
    p_value: float

    @property
    def is_clear(self) -> bool:
        """Say whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def paired_difference(
    first_scores: np.ndarray, second_scores: np.ndarray, families: Sequence[str], *, confidence: float, samples: int
) -> Difference:
    """Return how much higher the second scores are than the first; the same families are drawn for both.

    Scores: shape (n,), of the same n rows in the same order; `families`: their n labels. `samples`: draws of the
    interval, and flips of the p-value.
    """
    difference = np.asarray(second_scores, dtype=float) - np.asarray(first_scores, dtype=float)
    low, high = cluster_bootstrap(difference, families, confidence=confidence, samples=samples)
    return Difference(float(difference.mean()), low, high, sign_flip_p_value(difference, families, samples=samples))


def differences_by_split(rows: pd.DataFrame, first: str, second: str, settings: config.Score) -> dict[str, Difference]:
    """Return the paired difference of two columns of scores on each split; `rows` has `split` and `family` too."""
    options = {"confidence": settings.confidence, "samples": settings.bootstrap_samples}
    return {
        str(split): paired_difference(own[first].to_numpy(), own[second].to_numpy(), list(own["family"]), **options)
        for split, own in rows.groupby("split")
    }


def sign_flip_p_value(differences: np.ndarray, families: Sequence[str], *, samples: int, seed: int = 0) -> float:
    """Return the share of sign flips of the family means whose sum is at least as far from zero as the unflipped one.

    `differences`: shape (n,). All flips are tried where there are no more than `samples`, else so many drawn ones and
    the unflipped one.
    """
    _, members = np.unique(np.asarray(families), return_inverse=True)
    means = np.bincount(members, weights=differences) / np.bincount(members)
    if 2 ** len(means) <= samples:
        flips = np.arange(2 ** len(means))[:, None] >> np.arange(len(means)) & 1
    else:
        flips = np.random.default_rng(seed).integers(2, size=(samples, len(means)))
        flips[0] = 0
    sums = np.abs((1 - 2 * flips) @ means)
    return float((sums >= sums[0] - 1e-12).mean())  # equal sums differ in their last digits
