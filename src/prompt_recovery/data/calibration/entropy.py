"""Sharpened cosines and board scores in, the weights nearest to uniform that give these scores out.

A weight is proportional to exp(theta . k), k being a prompt's sharpened cosines with the constants: of all weights
with the same mean cosines these have the most entropy. One unknown a constant, a convex problem, one solution.
"""

from collections.abc import Callable

import numpy as np


def tilted_weights(
    cosines: np.ndarray, scores: np.ndarray, penalty: float, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return theta and the weights that minimise KL(weights | uniform) + |deviations|**2 / (2 penalty).

    What is solved is the dual: log-mean-exp(theta . gaps) + penalty / 2 * |theta|**2, convex, of m unknowns.
    """
    from scipy.special import logsumexp, softmax

    gaps = cosines - scores[:, None]

    def value(theta: np.ndarray) -> tuple[float, np.ndarray]:
        logits = theta @ gaps
        return logsumexp(logits) + penalty / 2 * theta @ theta, gaps @ softmax(logits) + penalty * theta

    def curvature(theta: np.ndarray) -> np.ndarray:
        weights = softmax(theta @ gaps)
        mean = gaps @ weights
        return (gaps * weights) @ gaps.T - np.outer(mean, mean) + penalty * np.eye(len(theta))

    theta = _minimise(value, curvature, start)
    return theta, softmax(theta @ gaps)


def inclusion_chances(cosines: np.ndarray, scores: np.ndarray, penalty: float, size: int) -> np.ndarray:
    """Return the chance of each candidate to be one of `size` distinct prompts: sums to `size`, none above 1.

    As `tilted_weights`, but of the entropy of being in or out: a weight is at most 1 / size, as in a subset.
    """
    from scipy.special import expit

    gaps = np.vstack([cosines - scores[:, None], np.ones(cosines.shape[1])])
    ridge = penalty * np.append(np.ones(len(scores)), 0)
    total = np.append(np.zeros(len(scores)), 1)  # the last unknown makes the chances sum to `size`

    def value(theta: np.ndarray) -> tuple[float, np.ndarray]:
        logits = theta @ gaps
        loss = np.logaddexp(0, logits).sum() / size - total @ theta + ridge / 2 @ theta**2
        return loss, gaps @ expit(logits) / size - total + ridge * theta

    def curvature(theta: np.ndarray) -> np.ndarray:
        chances = expit(theta @ gaps)
        return (gaps * (chances * (1 - chances) / size)) @ gaps.T + np.diag(ridge)

    start = total * np.log(size / (cosines.shape[1] - size))
    return expit(_minimise(value, curvature, start) @ gaps)


def _minimise(value: Callable, curvature: Callable, start: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    found = minimize(value, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-7})
    if np.abs(found.jac).max() > 1e-5:  # in units of the score
        raise ArithmeticError(f"the weights did not converge: {found.message} after {found.nit} steps")
    return found.x
