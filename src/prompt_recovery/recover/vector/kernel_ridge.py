"""A kernel of n rows and their targets in, the weights of a ridge regression out, or what it says of rows left out."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.linalg import cho_factor, cho_solve

_FOLDS = 3  # of each group


def solved(kernel: np.ndarray, targets: np.ndarray, ridge: float) -> np.ndarray:
    """Return (kernel + ridge)^-1 targets, shape (n, d), float32. The kernel, (n, n), is written over."""
    kernel[np.diag_indices(len(kernel))] += np.float32(ridge)
    return cho_solve(cho_factor(kernel, lower=True, overwrite_a=True), targets).astype(np.float32)


def cross_fitted(
    kernel: np.ndarray, targets: np.ndarray, ridge: float, groups: Sequence[pd.Series], seed: int
) -> np.ndarray:
    """Return what regressions expect of each row that were fitted on rows of other folds of every group, (n, d).

    `groups`: the rows' names in each, shape (n,); a row with no others to learn from is expected to be 0.
    """
    expected, folds = np.zeros_like(targets), [_folds(names, seed) for names in groups]
    for part in product(range(_FOLDS), repeat=len(folds)) if folds else ():
        own = np.logical_and.reduce([fold == one for fold, one in zip(folds, part, strict=True)])
        others = np.logical_and.reduce([fold != one for fold, one in zip(folds, part, strict=True)])
        if own.any() and others.any():
            weights = solved(kernel[np.ix_(others, others)], targets[others], ridge)
            expected[own] = kernel[np.ix_(own, others)] @ weights
    return expected


def _folds(names: pd.Series, seed: int) -> np.ndarray:
    places, distinct = pd.factorize(names)
    return (np.random.default_rng(seed).permutation(len(distinct)) % _FOLDS)[places]
