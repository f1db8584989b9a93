import numpy as np
import pandas as pd
import pytest

from prompt_recovery.score.skill import best_hypothesis_scores, nearest_prompt_scores, same_family_scores, skill

OPTIONS = {"confidence": 0.95, "samples": 400}


def test_skill_is_the_share_of_the_way_from_floor_to_ceiling():
    found = skill(np.array([0.3, 0.5]), np.array([0.2, 0.2]), np.array([0.5, 0.7]), ["f", "g"], **OPTIONS)
    assert (found.score, found.floor, found.ceiling, found.rows) == (
        pytest.approx(0.4), pytest.approx(0.2), pytest.approx(0.6), 2
    )  # fmt: skip
    assert found.skill == pytest.approx(0.5)
    assert (found.low, found.high) == (pytest.approx(1 / 3), pytest.approx(0.6))  # of f alone, of g alone


def test_only_rows_with_a_ceiling_count():
    found = skill(np.array([0.3, 0.9]), np.array([0.2, 0.9]), np.array([0.4, np.nan]), ["f", "g"], **OPTIONS)
    assert (found.rows, found.skill) == (1, pytest.approx(0.5))
    assert skill(np.ones(2), np.ones(2), np.full(2, np.nan), ["f", "g"], **OPTIONS) is None


@pytest.mark.parametrize("ceiling", [0.2, 0.1])
def test_a_ceiling_that_is_not_above_the_floor_gives_no_skill(ceiling):
    found = skill(np.array([0.3, 0.5]), np.full(2, 0.2), np.full(2, ceiling), ["f", "g"], **OPTIONS)
    assert (found.skill, found.low, found.high) == (None, None, None)


def test_where_families_may_close_the_way_there_is_a_skill_but_no_interval():
    found = skill(np.array([0.3, 0.5]), np.full(2, 0.2), np.array([0.6, 0.1]), ["f", "g"], **OPTIONS)
    assert found.skill == pytest.approx(0.2 / 0.15)
    assert (found.low, found.high) == (None, None)


def test_the_interval_covers_the_skill_in_95_of_100_worlds():
    rng, covered = np.random.default_rng(0), 0
    for world in range(200):
        families = np.repeat(np.arange(30), 4)
        floors = 0.1 + rng.normal(0, 0.05, size=30)[families]
        ceilings = floors + 0.4 + rng.normal(0, 0.05, size=30)[families]
        scores = floors + 0.1 + rng.normal(0, 0.05, size=30)[families] + rng.normal(0, 0.05, size=120)
        found = skill(scores, floors, ceilings, families, **OPTIONS, seed=world)
        covered += found.low <= 0.25 <= found.high
    assert 0.9 <= covered / 200 <= 0.99


def test_the_oracle_of_retrieval_takes_the_nearest_training_prompt(embed_angles):
    truths = [str(angle) for angle in range(0, 180, 2)] * 4  # more than one block
    found = nearest_prompt_scores(embed_angles(truths), embed_angles(["0", "90"]))
    assert len(found) == 360
    assert found[[0, 30, 45]] == pytest.approx([1, np.cos(np.radians(30)) ** 3, 1])


def test_another_of_the_family_is_never_the_true_prompt_itself(embed_angles):
    rows = pd.DataFrame({"true_prompt": ["0", "60", "0", "5"], "family": ["f", "f", "f", "lone"]}, index=[9, 8, 7, 6])
    gold = pd.DataFrame({"rewrite_prompt": ["0", "60", "60", "90", "5", "0"], "family": [*"ffff", "lone", "other"]})
    found = same_family_scores(rows, gold, embed_angles)
    of_60 = (0.125 + np.cos(np.radians(30)) ** 3) / 2
    assert found[:3] == pytest.approx([0.125 / 2, of_60, 0.125 / 2])
    assert np.isnan(found[3])


def test_the_best_hypothesis_is_sought_among_those_of_its_row(embed_angles):
    rows = pd.DataFrame({"id": ["a", "b", "a", "c"], "true_prompt": ["0", "90", "0", "0"]})
    hypotheses = pd.DataFrame({"id": ["a", "a", "b", "z"], "rewrite_prompt": ["60", "90", "0", "0"]})
    found = best_hypothesis_scores(rows, hypotheses, embed_angles)
    assert found[:3] == pytest.approx([0.125, 0, 0.125], abs=1e-9)
    assert np.isnan(found[3])
    assert np.isnan(best_hypothesis_scores(rows, hypotheses.tail(1), embed_angles)).all()
