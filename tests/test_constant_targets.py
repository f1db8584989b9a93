"""Scores of vectors as the one answer to weighted prompts, their gradient, and the bound of what any could score."""

import numpy as np
import pytest

from prompt_recovery.errors import InputError
from prompt_recovery.recover.constants.constant_bound import free_vector
from prompt_recovery.recover.constants.constant_targets import Targets, unit_vectors


def random_units(rows, width=8, seed=0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


TARGETS = Targets(random_units(40), np.full(40, 1 / 40))


def test_a_score_is_the_weighted_mean_of_the_cubes(embed_angles):
    targets = Targets.of({"0": 4, "30": 3, "60": 4}, embed_angles)
    cubes = {0: 1.0, 30: 0.75**1.5, 60: 0.125}
    wanted = [(4 + 3 * cubes[30] + 4 * cubes[60]) / 11, (4 * cubes[30] + 3 + 4 * cubes[30]) / 11]
    np.testing.assert_allclose(targets.scores(embed_angles(["0", "30"])), wanted, atol=1e-6)


def test_many_vectors_are_scored_as_few_are():
    many = random_units(600, seed=2)
    np.testing.assert_allclose(TARGETS.scores(many), [TARGETS.scores(one[None])[0] for one in many], atol=1e-7)
    assert TARGETS.scores(many[:0]).shape == (0,)


def test_the_gradient_says_how_the_score_changes():
    vector, small = random_units(1, seed=3)[0], 1e-2 * random_units(1, seed=4)[0]
    ahead, behind = TARGETS.scores(np.array([vector + small, vector - small]))
    assert TARGETS.gradient(vector) @ (2 * small) == pytest.approx(ahead - behind, rel=1e-2)


def test_the_free_vector_between_two_prompts_is_found(embed_angles):
    bound = free_vector(Targets.of({"0": 1, "40": 1}, embed_angles))
    np.testing.assert_allclose(bound.vector, embed_angles(["20"])[0], atol=1e-3)
    assert bound.train_score == pytest.approx(np.cos(np.radians(20)) ** 3, abs=1e-6)


def test_no_vector_scores_more_than_the_bound_that_started_from_it():
    rivals = random_units(200, seed=5)
    best = rivals[np.argsort(-TARGETS.scores(rivals))[:3]]
    bound = free_vector(TARGETS, best)
    assert bound.train_score >= TARGETS.scores(np.vstack([best, TARGETS.vectors])).max() - 1e-6
    assert np.linalg.norm(bound.vector) == pytest.approx(1, abs=1e-5)
    assert bound.train_score == pytest.approx(float(TARGETS.scores(bound.vector[None])[0]))


@pytest.mark.parametrize(
    ("weight", "told"),
    [({}, "found none"), ({"0": -1.0}, "weights of at least 0"), ({"0": np.nan}, "weights"), ({"0": 0.0}, "one above")],
)
def test_prompts_without_weight_are_refused(weight, told, embed_angles):
    with pytest.raises(InputError, match=told):
        Targets.of(weight, embed_angles)


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        ([[1.0, 0.0], [np.nan, 0.0]], r"1 of 2 texts, such as 'bad'"),
        ([[1.0, 0.0], [2.0, 0.0]], "another length"),
        ([[1.0, 0.0]], r"array \(1, 2\) for 2 texts"),
    ],
)
def test_what_is_no_unit_vector_is_named(vectors, told):
    with pytest.raises(InputError, match=told):
        unit_vectors(lambda texts: np.array(vectors), ["good", "bad"])
