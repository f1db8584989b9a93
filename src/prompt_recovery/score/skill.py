"""Scores with a floor and a ceiling in, how much of the way between them was gone out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prompt_recovery.metric import SHARPNESS, sharpened_cosine, sharpened_cosine_matrix

Embed = Callable[[Sequence[str]], np.ndarray]
_CHUNK = 256  # truths a block, held against all prompts
_NO_WAY = 1e-6  # a ceiling that is no higher above the floor is none


@dataclass(frozen=True)
class Skill:
    """(score - floor) / (ceiling - floor), each a mean over the same rows: those that have a ceiling.

    None where the ceiling is not above the floor; the interval is None where that happens in a draw of families too.
    """

    score: float
    floor: float
    ceiling: float
    rows: int
    skill: float | None
    low: float | None
    high: float | None


def skill(
    scores: np.ndarray,
    floors: np.ndarray,
    ceilings: np.ndarray,
    families: Sequence[str],
    *,
    confidence: float,
    samples: int,
    seed: int = 0,
) -> Skill | None:
    """Return the skill with its cluster bootstrap interval; None where no row has a ceiling.

    Scores, shape (n,) each, of the same n rows; a ceiling may be NaN. `families`: n labels, drawn whole.
    """
    has = ~np.isnan(ceilings)
    if not has.any():
        return None
    _, members = np.unique(np.asarray(families)[has], return_inverse=True)
    columns = [np.asarray(column, dtype=float)[has] for column in (scores, floors, ceilings)]
    sums = np.stack([np.bincount(members, weights=column) for column in columns])
    means = sums.sum(axis=1) / has.sum()
    draws = np.random.default_rng(seed).integers(sums.shape[1], size=(samples, sums.shape[1]))
    score, floor, ceiling = sums[:, draws].sum(axis=2)
    way = (ceiling - floor) / np.bincount(members)[draws].sum(axis=1)
    interval = (None, None)
    if way.min() > _NO_WAY:
        tail = (1 - confidence) / 2
        interval = tuple(float(end) for end in np.quantile((score - floor) / (ceiling - floor), [tail, 1 - tail]))
    gone = float((means[0] - means[1]) / (means[2] - means[1])) if means[2] - means[1] > _NO_WAY else None
    return Skill(*map(float, means), int(has.sum()), gone, *interval)


def nearest_prompt_scores(truths: np.ndarray, prompts: np.ndarray) -> np.ndarray:
    """Return the score of the prompt nearest to each truth, the most that retrieval can reach -> shape (n,).

    `truths`: unit vectors, shape (n, d); `prompts`: (m, d), of training prompts.
    """
    chunks = [truths[start : start + _CHUNK] for start in range(0, len(truths), _CHUNK)]
    return np.concatenate([(chunk @ prompts.T).max(axis=1) for chunk in chunks]) ** SHARPNESS


def same_family_scores(rows: pd.DataFrame, gold: pd.DataFrame, embed: Embed) -> np.ndarray:
    """Return what a prompt drawn from the true one's family scores on average -> shape (n,), NaN for a lone prompt.

    `rows`: with `true_prompt` and `family`; `gold`: with `rewrite_prompt` and `family`, all the true prompts that are
    known. The true prompt itself is not drawn.
    """
    known = gold.groupby("family")["rewrite_prompt"].unique()
    scores = pd.Series(np.nan, index=range(len(rows)))
    for family, own in rows.reset_index(drop=True).groupby("family"):
        prompts = list(known.get(family, ()))
        truths = sorted(set(own["true_prompt"]))
        matrix = sharpened_cosine_matrix(embed(truths), embed(prompts)) if prompts else np.zeros((len(truths), 0))
        others = np.array([[prompt != truth for prompt in prompts] for truth in truths], dtype=bool)
        mean = [row[other].mean() if other.any() else np.nan for row, other in zip(matrix, others, strict=True)]
        scores[own.index] = own["true_prompt"].map(dict(zip(truths, mean, strict=True)))
    return scores.to_numpy()


def best_hypothesis_scores(rows: pd.DataFrame, hypotheses: pd.DataFrame, embed: Embed) -> np.ndarray:
    """Return the score of each row's best hypothesis -> shape (n,), NaN for a row without one.

    `rows`: with `id` and `true_prompt`; `hypotheses`: with `id` and `rewrite_prompt`, several an id.
    """
    truth = rows.drop_duplicates("id")[["id", "true_prompt"]]
    pairs = hypotheses[["id", "rewrite_prompt"]].drop_duplicates().merge(truth, on="id")
    if pairs.empty:
        return np.full(len(rows), np.nan)
    vectors = embed([*pairs["true_prompt"], *pairs["rewrite_prompt"]])
    scores = sharpened_cosine(vectors[: len(pairs)], vectors[len(pairs) :])
    return rows["id"].map(pd.Series(scores).groupby(pairs["id"].to_numpy()).max()).to_numpy(dtype=float)
