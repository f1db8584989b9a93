"""Training prompts in, a constant for each cluster of them out, and which rows a cluster's constant is safe for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prompt_recovery.recover.leaderboard.text_parts import is_spoken

Embed = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class ClusterConstants:
    """The clusters' centres, each of d numbers, and the constant of each."""

    centres: tuple[tuple[float, ...], ...]
    constants: tuple[str, ...]

    def agreed(self, means: np.ndarray, answers: np.ndarray) -> list[str | None]:
        """Return the constant of each row's cluster, where the predicted vector and the answer lie in the same one.

        `means` and `answers`: the predicted vectors, of any length, and the answers' unit vectors, shapes (n, d).
        None: they lie in different clusters.
        """
        said, seen = self._nearest(means), self._nearest(answers)
        return [self.constants[one] if one == other else None for one, other in zip(said, seen, strict=True)]

    def _nearest(self, vectors: np.ndarray) -> np.ndarray:
        centres = np.array(self.centres, dtype=np.float64)
        directions = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return ((centres**2).sum(axis=1) - 2 * directions @ centres.T).argmin(axis=1)


def cluster_constants_of(values: Mapping[str, Any]) -> ClusterConstants:
    """Return the constants of JSON values."""
    return ClusterConstants(tuple(map(tuple, values["centres"])), tuple(values["constants"]))


def fit_cluster_constants(
    weight: Mapping[str, float],
    embed: Embed,
    constant_of: Callable[[Mapping[str, float]], str],
    *,
    clusters: int,
    seed: int,
) -> ClusterConstants:
    """Cluster the weighted prompts' vectors by k-means, and ask `constant_of` for the constant of each cluster's own.

    There are no more clusters than prompts.
    """
    from sklearn.cluster import KMeans  # a second to import

    prompts = [prompt for prompt in weight if is_spoken(prompt)]
    means = KMeans(min(clusters, len(prompts)), n_init=4, random_state=seed)
    labels = means.fit_predict(embed(prompts), sample_weight=np.array([weight[prompt] for prompt in prompts]))
    own = [{prompt: weight[prompt] for prompt, label in zip(prompts, labels, strict=True) if label == cluster}
           for cluster in range(len(means.cluster_centers_))]  # fmt: skip
    kept = [(centre, prompts) for centre, prompts in zip(means.cluster_centers_, own, strict=True) if prompts]
    return ClusterConstants(
        tuple(tuple(map(float, centre)) for centre, _ in kept), tuple(constant_of(prompts) for _, prompts in kept)
    )
