"""Unit vectors in, sharpened cosine similarities out."""

import numpy as np

SHARPNESS = 3  # the competition cubes the cosine


def sharpened_cosine(truths: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return cos ** 3 of each row pair -> scores, shape (n,), in [-1, 1].

    `truths` and `predictions`: unit vectors, shape (n, d).
    """
    if truths.shape != predictions.shape:
        raise ValueError(f"expected equal shapes (n, d), found {truths.shape} and {predictions.shape}")
    return np.einsum("nd,nd->n", truths, predictions) ** SHARPNESS


def sharpened_cosine_matrix(truths: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return cos ** 3 of every truth with every candidate -> shape (n, m), in [-1, 1]; inputs (n, d) and (m, d)."""
    return (truths @ candidates.T) ** SHARPNESS
