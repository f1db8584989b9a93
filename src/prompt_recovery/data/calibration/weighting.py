"""Constants with known leaderboard scores and candidate prompts in, validation prompts that score them alike out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from prompt_recovery import config
from prompt_recovery.data.calibration.entropy import inclusion_chances, tilted_weights
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine_matrix
from prompt_recovery.tables import read_table

# Penalties on theta, strong to weak, in units of the mean variance of the constants' cosines: from uniform weights
# to scores met within 0.0005. One is chosen by the error on constants that were held out.
REGULARISATIONS = tuple(10.0 ** (step / 2) for step in range(4, -9, -1))
_CLOSE = 2e-4  # a deviation of the subset's mean that no board shows: boards have 2 digits
_DROPS = 16  # members that are tried for each exchange


@dataclass(frozen=True, eq=False)
class Board:
    """Constant prompts and what they scored: mean sharpened cosines, shape (m,)."""

    texts: tuple[str, ...]
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class Deviations:
    """Mean sharpened cosine of each constant less its score on the board, shape (m,)."""

    by_constant: np.ndarray

    @property
    def mean(self) -> float:
        """The mean absolute deviation."""
        return float(np.abs(self.by_constant).mean())

    @property
    def largest(self) -> float:
        """The largest absolute deviation."""
        return float(np.abs(self.by_constant).max())


@dataclass(frozen=True, eq=False)
class Calibration:
    """Weights of the n candidates (sum 1), and `subset`: sorted rows that stand for them, each with the same weight.

    Deviations: `uncalibrated` with uniform weights; `fitted` on all constants; `held_out` of each constant where the
    fit did not see it, which is what another answer's score may be off by.
    """

    weights: np.ndarray
    subset: np.ndarray
    effective_sample_size: float  # 1 / sum of squared weights: n when uniform
    regularisation: float  # the one chosen of REGULARISATIONS
    uncalibrated: Deviations
    fitted: Deviations
    held_out: Deviations
    subset_fitted: Deviations
    subset_held_out: Deviations


def read_board(path: Path, settings: config.Calibration) -> Board:
    """Read a .csv or .parquet table of constants and their scores, columns as `settings` name them.

    Raises InputError for a missing column, a repeated constant, and a score that is no number in [-1, 1].
    """
    text, score = settings.text_column, settings.score_column
    columns = pa.schema([pa.field(text, pa.string(), nullable=False)])
    frame = read_table(path, columns, key=(text,))
    if score not in frame.columns:
        raise InputError(f"{path}: no column {score}; found: {', '.join(frame.columns)}. Set calibration.score_column.")
    return Board(
        tuple(frame[text]), np.array([_score(value, f"{path}, row {row}") for row, value in enumerate(frame[score])])
    )


def calibrate(
    candidates: np.ndarray, constants: np.ndarray, scores: np.ndarray, settings: config.Calibration, seed: int
) -> Calibration:
    """Weight the candidates, and choose `settings.subset_size` of them, so that the constants score as on the board.

    `candidates`, `constants`: unit vectors, shapes (n, d) and (m, d), of the embedder that the board scored with;
    `scores`: shape (m,). `seed` deals the constants into the folds; nothing else is random.
    Raises InputError when there are too few constants or candidates, and for a score that none of these can give.
    """
    _require_enough(len(candidates), len(constants), settings)
    cosines = sharpened_cosine_matrix(constants.astype(np.float64), candidates.astype(np.float64))
    _require_within_reach(cosines, scores)
    folds = np.array_split(np.random.default_rng(seed).permutation(len(scores)), settings.folds)
    chosen, held_out = _choose_regularisation(cosines, scores, folds)
    weights = _paths(cosines, scores)[chosen]
    size, regularisation = settings.subset_size, REGULARISATIONS[chosen]
    subset = _choose_subset(cosines, scores, weights, regularisation, size)
    uniform = np.full(len(weights), 1 / len(weights))
    return Calibration(
        weights=weights,
        subset=subset,
        effective_sample_size=float(1 / (weights**2).sum()),
        regularisation=regularisation,
        uncalibrated=Deviations(cosines @ uniform - scores),
        fitted=Deviations(cosines @ weights - scores),
        held_out=Deviations(held_out),
        subset_fitted=Deviations(cosines[:, subset].mean(axis=1) - scores),
        subset_held_out=Deviations(_subset_held_out(cosines, scores, folds, chosen, size)),
    )


def _score(value: object, where: str) -> float:
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = np.nan
    if not -1 <= score <= 1:
        raise InputError(f"{where}: score {value!r}, expected a mean sharpened cosine in [-1, 1], such as 0.61.")
    return score


def _require_enough(candidates: int, constants: int, settings: config.Calibration) -> None:
    if constants < 2 * settings.folds:
        raise InputError(
            f"{constants} constants with scores: expected at least 2 for each of calibration.folds = {settings.folds}."
        )
    if candidates <= settings.subset_size:
        raise InputError(
            f"calibration.subset_size = {settings.subset_size}: expected fewer than the {candidates} candidate "
            "prompts. Lower it, or give more prompts."
        )


def _require_within_reach(cosines: np.ndarray, scores: np.ndarray) -> None:
    """Raise InputError for a score beyond that of the constant with its nearest, or its farthest, candidate."""
    low, high = cosines.min(axis=1), cosines.max(axis=1)
    beyond = (scores < low) | (scores > high)
    if beyond.any():
        worst = int(np.maximum(low - scores, scores - high).argmax())
        raise InputError(
            f"calibration.board: {beyond.sum()} of {len(scores)} scores are out of reach, such as {scores[worst]:.3f} "
            f"in row {worst}: its cosines ** 3 with the candidates are {low[worst]:.3f} to {high[worst]:.3f}. Set "
            "calibration.embedder to the one that the board scored with, or give more kinds of prompts."
        )


def _choose_regularisation(cosines: np.ndarray, scores: np.ndarray, folds: list[np.ndarray]) -> tuple[int, np.ndarray]:
    """Return the place in REGULARISATIONS with the least mean held-out error, and the held-out deviations there."""
    held_out = np.zeros((len(REGULARISATIONS), len(scores)))
    for fold in folds:
        seen = np.setdiff1d(np.arange(len(scores)), fold)
        held_out[:, fold] = _paths(cosines[seen], scores[seen]) @ cosines[fold].T - scores[fold]
    chosen = int(np.abs(held_out).mean(axis=1).argmin())
    return chosen, held_out[chosen]


def _subset_held_out(
    cosines: np.ndarray, scores: np.ndarray, folds: list[np.ndarray], chosen: int, size: int
) -> np.ndarray:
    """Return the deviations, shape (m,), of each constant on the subset chosen by the others."""
    deviations = np.zeros(len(scores))
    for fold in folds:
        seen = np.setdiff1d(np.arange(len(scores)), fold)
        weights = _paths(cosines[seen], scores[seen])[chosen]
        subset = _choose_subset(cosines[seen], scores[seen], weights, REGULARISATIONS[chosen], size)
        deviations[fold] = cosines[fold][:, subset].mean(axis=1) - scores[fold]
    return deviations


def _paths(cosines: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the weights at every regularisation, shape (regularisations, n); each fit starts from the one before."""
    theta, weights = np.zeros(len(scores)), []
    for regularisation in REGULARISATIONS:
        theta, fitted = tilted_weights(cosines, scores, _penalty(cosines, regularisation), theta)
        weights.append(fitted)
    return np.array(weights)


def _penalty(cosines: np.ndarray, regularisation: float) -> float:
    return regularisation * float(cosines.var(axis=1).mean())


def _choose_subset(
    cosines: np.ndarray, scores: np.ndarray, weights: np.ndarray, regularisation: float, size: int
) -> np.ndarray:
    """Return `size` sorted rows on which the constants' means are the weighted ones.

    A systematic sample by the chances of inclusion, candidates in the order of their weights; then exchanges.
    """
    chances = inclusion_chances(cosines, scores, _penalty(cosines, regularisation), size)
    order = np.argsort(weights, kind="stable")
    picks = np.searchsorted(np.cumsum(chances[order]), np.arange(size) + 0.5)
    return _exchange(cosines, cosines @ weights, order[picks], chances)


def _exchange(cosines: np.ndarray, target: np.ndarray, subset: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Exchange one member at a time for a likely candidate while that brings the means nearer to `target`."""
    size = len(subset)
    shares = cosines / size
    inside = np.zeros(cosines.shape[1], dtype=bool)
    inside[subset] = True
    likely = chances >= np.median(chances[subset]) / 2
    residual = shares[:, inside].sum(axis=1) - target
    for _ in range(size):
        members, others = np.flatnonzero(inside), np.flatnonzero(likely & ~inside)
        if np.abs(residual).max() <= _CLOSE or not len(others):
            break
        after = residual[:, None] - shares[:, members]
        drops = np.argsort((after**2).sum(axis=0), kind="stable")[:_DROPS]
        after, gains = after[:, drops], shares[:, others]
        errors = (after**2).sum(axis=0)[:, None] + 2 * after.T @ gains + (gains**2).sum(axis=0)
        drop, other = np.unravel_index(errors.argmin(), errors.shape)
        if errors[drop, other] >= residual @ residual:
            break
        inside[members[drops[drop]]], inside[others[other]] = False, True
        residual = shares[:, inside].sum(axis=1) - target
    return np.flatnonzero(inside)
