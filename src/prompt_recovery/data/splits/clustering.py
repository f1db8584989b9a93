"""Prompts' unit vectors in, clusters out; and what is done with whole clusters: capped, and given to the splits."""

from collections.abc import Mapping, Sequence

import numpy as np

from prompt_recovery import config
from prompt_recovery.errors import InputError

_BLOCK_BYTES = 64 * 2**20  # of cosines held at a time, whatever the number of prompts


def cluster_prompts(unit_vectors: np.ndarray, settings: config.Clustering) -> np.ndarray:
    """Cluster prompts by density (HDBSCAN) -> labels 0, 1, ..., shape (n,). No randomness is in it.

    Two prompts with a cosine of `near_copy_cosine` or more always share a cluster, even where that joins two dense
    ones. A prompt that HDBSCAN calls noise goes to its nearest neighbour's cluster; a prompt with no neighbour within
    `noise_cosine` is a cluster of its own.
    `unit_vectors`: shape (n, d). Time grows with n ** 2 (2 cores: 5 s for 9,200, 19 s for 19,000), memory with n.
    """
    _require_unit_vectors(unit_vectors)
    copies, nearest, cosines = _neighbours(unit_vectors, settings.near_copy_cosine)
    near = cosines >= settings.noise_cosine
    dense = np.where(near, _dense_labels(unit_vectors, settings), -1)  # HDBSCAN takes in some that are far from all
    noise = np.flatnonzero(near & (dense < 0))
    # One edge from each noise point: however they chain, such edges never lead from one dense cluster to another.
    edges = np.concatenate([_chains(dense), np.stack([noise, nearest[noise]], axis=1), copies])
    return components(edges, len(dense))


def near_copies(unit_vectors: np.ndarray, cosine: float) -> np.ndarray:
    """Return the pairs of rows, i < j, whose cosine is at least `cosine` -> shape (pairs, 2); found block by block."""
    return _neighbours(unit_vectors, cosine)[0]


def nearest_rows(unit_vectors: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of `others` nearest to each vector, and the cosine; shapes (n,), (n,); found block by block."""
    rows = max(1, _BLOCK_BYTES // (len(others) * others.itemsize))
    nearest, cosines = np.zeros(len(unit_vectors), dtype=np.int64), np.zeros(len(unit_vectors))
    for start in range(0, len(unit_vectors), rows):
        block = unit_vectors[start : start + rows] @ others.T
        nearest[start : start + rows] = block.argmax(axis=1)
        cosines[start : start + rows] = block.max(axis=1)
    return nearest, cosines


def components(edges: np.ndarray | Sequence, count: int) -> np.ndarray:
    """Return the connected component of each of `count` points, shape (count,); `edges`: shape (edges, 2)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges), dtype=bool), (edges[:, 0], edges[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def cap_clusters(labels: np.ndarray, cap: int, seed: int) -> np.ndarray:
    """Choose at most `cap` members of every cluster at random -> a mask of the kept rows, shape (n,)."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]  # clusters one after another, each in random order
    starts = np.searchsorted(labels[order], labels[order])
    kept = np.zeros(len(labels), dtype=bool)
    kept[order[np.arange(len(labels)) - starts < cap]] = True
    return kept


def assign_clusters(labels: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Give whole clusters to parts -> the part's name of each cluster, shape (clusters,); `[labels]` gives the rows'.

    `shares`: wanted share of the rows of each part, such as {"train": 0.8, "valid": 0.1, "test": 0.1}. From the
    largest cluster to the smallest, each goes to a part drawn by its share among those it still fits into, so that
    every part gets large and small clusters alike and the smallest even out the sizes.
    Raises InputError when a part is left without a cluster.
    """
    names, wanted = list(shares), np.array(list(shares.values()), dtype=np.float64)
    if wanted.min() <= 0 or not np.isclose(wanted.sum(), 1):
        raise InputError(f"shares {dict(shares)}: expected positive shares that sum to 1.")
    rng, sizes = np.random.default_rng(seed), np.bincount(labels)
    room = wanted * len(labels)
    part_of = np.zeros(len(sizes), dtype=np.int64)
    shuffled = rng.permutation(len(sizes))
    for cluster in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        chances = np.where(room >= sizes[cluster], wanted, 0)
        part = rng.choice(len(names), p=chances / chances.sum()) if chances.any() else int(room.argmax())
        part_of[cluster] = part
        room[part] -= sizes[cluster]
    empty = [name for part, name in enumerate(names) if part not in part_of]
    if empty:
        raise InputError(
            f"{len(sizes)} clusters, the largest {sizes.max()} of {len(labels)} prompts: none is left for "
            f"{', '.join(empty)}. Give more prompts, larger shares, or raise clustering.near_copy_cosine."
        )
    return np.array(names)[part_of]


def _require_unit_vectors(vectors: np.ndarray) -> None:
    if vectors.ndim != 2 or not len(vectors):
        raise ValueError(f"expected vectors of shape (n, d) with n >= 1, found {vectors.shape}")
    lengths = np.linalg.norm(vectors, axis=1)
    wrong = ~np.isclose(lengths, 1, atol=1e-3)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"expected unit vectors, found one of length {lengths[row]:.3f} in row {row}")


def _dense_labels(unit_vectors: np.ndarray, settings: config.Clustering) -> np.ndarray:
    """Return HDBSCAN's labels, shape (n,), -1 for noise; fewer points than a cluster needs are all noise."""
    from sklearn.cluster import HDBSCAN  # a second to import
    from sklearn.decomposition import PCA

    points, fewest = unit_vectors, max(settings.min_cluster_size, settings.min_samples)
    if len(points) <= fewest:
        return np.full(len(points), -1)
    if min(points.shape) > settings.dimensions:
        points = PCA(settings.dimensions, svd_solver="covariance_eigh").fit_transform(points)
    return HDBSCAN(min_cluster_size=settings.min_cluster_size, min_samples=settings.min_samples, copy=True).fit_predict(
        points
    )


def _neighbours(unit_vectors: np.ndarray, cosine: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs at `cosine` or more, each row's nearest other row, and the cosine of these two.

    Shapes (pairs, 2), (n,), (n,).
    """
    count = len(unit_vectors)
    rows = max(1, _BLOCK_BYTES // (count * unit_vectors.itemsize))
    pairs, nearest, cosines = [], np.zeros(count, dtype=np.int64), np.zeros(count)
    for start in range(0, count, rows):
        block = unit_vectors[start : start + rows] @ unit_vectors.T
        own = np.arange(len(block))
        block[own, start + own] = -np.inf
        nearest[start : start + rows] = block.argmax(axis=1)
        cosines[start : start + rows] = block.max(axis=1)
        first, second = np.nonzero(block >= cosine)
        first += start
        pairs.append(np.stack([first, second], axis=1)[first < second])
    return np.concatenate(pairs), nearest, cosines


def _chains(labels: np.ndarray) -> np.ndarray:
    """Return edges, shape (edges, 2), that hold each label's points together; -1 is no label."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    same = labels[order[1:]] == labels[order[:-1]]
    return np.stack([order[:-1], order[1:]], axis=1)[same]
