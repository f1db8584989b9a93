import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Score
from prompt_recovery.score.paired import Difference, differences_by_split, paired_difference, sign_flip_p_value

OPTIONS = {"confidence": 0.95, "samples": 1_000}
RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 1, size=200)
FAMILIES = [f"f{n % 20}" for n in range(200)]


def test_a_difference_is_taken_row_by_row_not_between_means():
    steady = paired_difference(NOISE, NOISE + 0.1, FAMILIES, **OPTIONS)
    noisy = paired_difference(-NOISE, NOISE + 0.1, FAMILIES, **OPTIONS)
    assert (steady.low, steady.mean, steady.high) == pytest.approx((0.1, 0.1, 0.1))
    assert steady.is_clear and steady.p_value < 0.005
    assert noisy.high - noisy.low > 0.2 and not noisy.is_clear and noisy.p_value > 0.05


def test_the_second_less_the_first_and_the_other_way_round():
    one, other = RNG.random(200), RNG.random(200)
    there, back = (paired_difference(*pair, FAMILIES, **OPTIONS) for pair in ((one, other), (other, one)))
    assert there.mean == pytest.approx((other - one).mean()) == pytest.approx(-back.mean)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.p_value == back.p_value


def test_an_interval_is_clear_on_either_side_of_zero_only():
    assert Difference(0.2, 0.1, 0.3, 0.01).is_clear and Difference(-0.2, -0.3, -0.1, 0.01).is_clear
    assert not Difference(0.2, -0.1, 0.3, 0.2).is_clear and not Difference(0.0, 0.0, 0.0, 1.0).is_clear


def test_of_few_families_all_flips_are_tried():
    three = np.array([0.1, 0.2, 0.3])
    assert sign_flip_p_value(three, list("abc"), samples=1_000) == 2 / 8
    assert sign_flip_p_value(three * [1, 1, -1], list("abc"), samples=1_000) == 1  # 0.1 + 0.2 - 0.3
    assert sign_flip_p_value(np.zeros(3), list("abc"), samples=1_000) == 1


def test_a_family_counts_once_however_many_rows_it_has():
    rows = np.array([0.1] * 50 + [0.2, 0.3])
    assert sign_flip_p_value(rows, ["a"] * 50 + ["b", "c"], samples=1_000) == 2 / 8


def test_a_p_value_is_never_zero():
    assert sign_flip_p_value(np.ones(100), [str(n) for n in range(100)], samples=500) == 1 / 500


def test_without_a_difference_5_of_100_worlds_have_a_p_value_below_5_percent():
    families = np.repeat(np.arange(15), 4)
    found = []
    for _ in range(400):
        worlds = RNG.normal(0, 0.2, size=15)[families] + RNG.normal(0, 0.1, size=60)
        found.append(sign_flip_p_value(worlds, families, samples=500))
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.08


def test_splits_are_never_pooled():
    rows = pd.DataFrame({"split": ["S0", "S0", "S2", "S2"], "family": list("abcd"), "base": [0.0] * 4})
    found = differences_by_split(rows.assign(lora=[0.2, 0.4, -0.2, -0.4]), "base", "lora", Score())
    assert {split: own.mean for split, own in found.items()} == pytest.approx({"S0": 0.3, "S2": -0.3})
    assert (found["S0"].low, found["S0"].high) == pytest.approx((0.2, 0.4))
