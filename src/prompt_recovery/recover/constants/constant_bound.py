"""Weighted prompts in, the most that one vector can score on them out: what no constant prompt surpasses by much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompt_recovery.recover.constants.constant_targets import Targets

_TRIED = 2_000  # prompts of the highest weights
_STARTS_FROM_TARGETS = 6
_RANDOM_STARTS = 2
_MAX_STEPS = 500
_SHORTEST_STEP = 1e-3
_TOLERANCE = 1e-9  # gain of a step at which the ascent ends


@dataclass(frozen=True, eq=False)
class Bound:
    """A free unit vector, shape (d,), at a maximum of the weighted mean SCS, and that score.

    It need not belong to any text. Every start's maximum is local; the best of several is kept.
    """

    vector: np.ndarray
    train_score: float


def free_vector(targets: Targets, starts: Sequence[np.ndarray] = (), seed: int = 0) -> Bound:
    """Ascend the gradient on the unit sphere from `starts`, the mean, the best prompts and mixtures of prompts.

    No vector of `starts` scores higher than what is returned.
    """
    ends = [_ascend(targets, start) for start in (*starts, *_starts(targets, seed))]
    scores = [score for _, score in ends]
    return Bound(*ends[int(np.argmax(scores))])


def _starts(targets: Targets, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    heavy = targets.vectors[np.argsort(-targets.weights, kind="stable")[:_TRIED]]
    own = heavy[np.argsort(-targets.scores(heavy), kind="stable")[:_STARTS_FROM_TARGETS]]
    mixtures = rng.dirichlet(np.ones(len(targets.weights)), _RANDOM_STARTS) @ targets.vectors
    mean = targets.weights @ targets.vectors
    return [_unit(start) for start in (mean, *own, *mixtures) if np.linalg.norm(start) > 0]


def _ascend(targets: Targets, vector: np.ndarray) -> tuple[np.ndarray, float]:
    """Step along the gradient, back onto the sphere; a gain lets the next step be longer, a loss shorter."""
    score, step = float(targets.scores(vector[None])[0]), 1.0
    for _ in range(_MAX_STEPS):
        moved = _unit(vector + step * targets.gradient(vector))
        gain = float(targets.scores(moved[None])[0]) - score
        if gain > 0:
            vector, score, step = moved, score + gain, step * 2
        else:
            step /= 4
        if 0 < gain < _TOLERANCE or step < _SHORTEST_STEP:
            break
    return vector, score


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
