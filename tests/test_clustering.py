import json
import time

import numpy as np
import pytest
from conftest import PROJECT

from prompt_recovery.config import Clustering, Embedder
from prompt_recovery.data.splits.clustering import assign_clusters, cap_clusters, cluster_prompts, near_copies
from prompt_recovery.errors import InputError

SETTINGS = Clustering()
SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}
MIT_PROMPTS = PROJECT.parent / "shared" / "data" / "rewrite_prompts_mit.json"


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def at_degrees(*degrees):
    """Unit vectors in a plane: the cosine of two is that of the difference of their angles."""
    return np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)


@pytest.fixture(scope="module")
def crowds():
    """12 crowds of 40 points in 64 dimensions and 30 points alone: vectors, and the crowd of each (-1: alone)."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(12, 64))
    points = [centre + 0.3 * rng.normal(size=(40, 64)) for centre in centres]
    return unit(np.concatenate([*points, rng.normal(size=(30, 64))])), np.repeat([*range(12), -1], [40] * 12 + [30])


@pytest.fixture(scope="module")
def skewed_labels():
    """1,000 prompts: a few large clusters, many small ones, as prompts have them."""
    sizes = [60, 50, 40, 30] + [10] * 30 + [2] * 160 + [1] * 200
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))


def test_crowds_are_clusters_and_what_is_alone_stays_alone(crowds):
    vectors, crowd = crowds
    labels = cluster_prompts(vectors, SETTINGS)
    assert sorted(np.bincount(labels)) == [1] * 30 + [40] * 12
    assert all(len(set(labels[crowd == one])) == 1 for one in range(12))
    assert set(labels) == set(range(labels.max() + 1))


def test_no_near_copies_are_parted(crowds):
    vectors, _ = crowds
    bridge = unit(vectors[[0]] + vectors[[40]])  # at about 0.7 of a member of each of two crowds
    bridged = np.concatenate([vectors, bridge])
    labels = cluster_prompts(bridged, SETTINGS.model_copy(update={"near_copy_cosine": 0.65}))
    first, second = np.nonzero(bridged @ bridged.T >= 0.65)
    assert (labels[first] == labels[second]).all()
    assert labels[0] == labels[40]


def test_noise_joins_its_nearest_neighbour_only_within_the_bound():
    few = at_degrees(0, 20, 70, 110, 200)  # too few for HDBSCAN: all noise; the cosine of 40 degrees is 0.77
    labels = cluster_prompts(few, SETTINGS)
    assert labels[0] == labels[1] and labels[2] == labels[3]
    assert len({labels[0], labels[2], labels[4]}) == 3
    strict = SETTINGS.model_copy(update={"noise_cosine": 0.8})
    assert len(set(cluster_prompts(few, strict))) == 4


def test_noise_between_two_clusters_does_not_join_them():
    left, right = np.linspace(-1, 1, 12), np.linspace(59, 61, 12)
    labels = cluster_prompts(at_degrees(*left, *right, 29), SETTINGS)
    assert labels[24] == labels[0] != labels[12]


def test_near_copies_are_found_in_blocks(crowds, monkeypatch):
    vectors, _ = crowds
    whole = near_copies(vectors, 0.9)
    monkeypatch.setattr("prompt_recovery.data.splits.clustering._BLOCK_BYTES", 7 * vectors.nbytes // 64)
    assert len(whole) > 100 and (whole[:, 0] < whole[:, 1]).all()
    assert near_copies(vectors, 0.9).tolist() == whole.tolist()


def test_one_prompt_is_one_cluster():
    assert cluster_prompts(at_degrees(10), SETTINGS).tolist() == [0]


def test_vectors_that_are_no_unit_vectors_are_refused():
    with pytest.raises(ValueError, match=r"one of length 2.000 in row 1"):
        cluster_prompts(at_degrees(0, 90) * [[1], [2]], SETTINGS)
    with pytest.raises(ValueError, match=r"shape \(n, d\) with n >= 1, found \(0, 2\)"):
        cluster_prompts(np.zeros((0, 2)), SETTINGS)


def test_a_cluster_keeps_at_most_the_cap(skewed_labels):
    kept = cap_clusters(skewed_labels, 5, seed=0)
    assert np.bincount(skewed_labels[kept]).tolist() == np.minimum(np.bincount(skewed_labels), 5).tolist()
    assert (kept == cap_clusters(skewed_labels, 5, seed=0)).all()
    assert (kept != cap_clusters(skewed_labels, 5, seed=1)).any()


def test_whole_clusters_go_to_parts_of_the_wanted_sizes(skewed_labels):
    parts = assign_clusters(skewed_labels, SHARES, seed=0)
    assert parts.shape == (skewed_labels.max() + 1,)
    found = {name: float((parts[skewed_labels] == name).mean()) for name in SHARES}
    assert found == pytest.approx(SHARES, abs=0.002)
    assert (parts != assign_clusters(skewed_labels, SHARES, seed=1)).any()


def test_every_part_gets_large_and_small_clusters_alike(skewed_labels):
    sizes = np.bincount(skewed_labels)
    alone, middling = [], []
    for seed in range(50):
        parts = assign_clusters(skewed_labels, SHARES, seed)
        alone.append((parts[sizes == 1] == "valid").mean())
        middling.append((parts[sizes == 10] == "valid").mean())
    assert np.mean(alone) == pytest.approx(0.1, abs=0.04)
    assert np.mean(middling) == pytest.approx(0.1, abs=0.04)


def test_a_part_without_a_cluster_is_an_error():
    with pytest.raises(InputError, match=r"2 clusters, the largest 9 of 10 prompts: none is left for (valid|test)"):
        assign_clusters(np.array([0] * 9 + [1]), SHARES, seed=0)
    with pytest.raises(InputError, match="expected positive shares that sum to 1"):
        assign_clusters(np.arange(10), {"train": 0.8, "valid": 0.1}, seed=0)


@pytest.mark.slow
@pytest.mark.skipif(not MIT_PROMPTS.exists(), reason="needs ../shared")
def test_ten_thousand_real_prompts_take_less_than_a_minute():
    from prompt_recovery.engines.embedder import load_embedder

    vectors = load_embedder(Embedder(kind="minilm"))(json.loads(MIT_PROMPTS.read_text(encoding="utf-8")))
    started = time.perf_counter()
    labels = cluster_prompts(vectors, SETTINGS)
    assert time.perf_counter() - started < 60
    sizes = np.bincount(labels)
    assert 800 < len(sizes) < 1_600 and sizes.max() < 0.02 * len(labels) and (sizes == 1).sum() < 0.05 * len(labels)
    first, second = near_copies(vectors, SETTINGS.near_copy_cosine).T
    assert (labels[first] == labels[second]).all()
