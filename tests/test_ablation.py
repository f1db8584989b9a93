import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Score
from prompt_recovery.errors import InputError
from prompt_recovery.score.ablation import Ingredient, ablate, ingredients_of
from prompt_recovery.score.ablation_report import ablation_table
from prompt_recovery.score.paired import paired_difference

SETTINGS = Score(bootstrap_samples=400)
ROWS = 120
BASE = pd.DataFrame({
    "id": [f"row{number}" for number in range(ROWS)],
    "split": ["S0", "S2"] * (ROWS // 2),
    "family": [f"f{number // 2 % 15}" for number in range(ROWS)],
})  # fmt: skip


def variant(name, scores):
    return BASE.assign(method=name, score=scores)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    noise = rng.normal(0.3, 0.1, size=ROWS)
    gain = np.where(BASE["split"] == "S0", 0.05, 0.0) + rng.normal(0, 0.01, size=ROWS)
    return pd.concat([
        variant("choice", noise + gain),
        variant("choice - retrieved", noise),
        variant("choice - rule", noise + gain),
        variant("leaderboard", noise + 0.1),
        variant("leaderboard + suffix", noise + 0.11),
    ])  # fmt: skip


def test_names_say_which_ingredient_two_variants_differ_in():
    found = ingredients_of(["choice", "choice - retrieved", "vector", "vector + decoded", "vector + decoded + gate"])
    assert found == [
        Ingredient("retrieved", "choice - retrieved", "choice"),
        Ingredient("decoded", "vector", "vector + decoded"),
        Ingredient("gate", "vector + decoded", "vector + decoded + gate"),
    ]
    assert ingredients_of(["few-shot", "few", "a - b"]) == []  # no such base, or no spaces around the sign


def test_the_gain_is_the_paired_difference_of_each_split(rows):
    found = ablate(rows, SETTINGS)
    retrieved, rule = found.gains[:2]
    seen, unseen = (retrieved.by_split[split] for split in ("S0", "S2"))
    own = [rows[(rows["method"] == name) & (rows["split"] == "S0")] for name in ("choice - retrieved", "choice")]
    options = {"confidence": 0.95, "samples": 400}
    assert seen == paired_difference(*(one["score"].to_numpy() for one in own), list(own[0]["family"]), **options)
    assert seen.mean == pytest.approx(0.05, abs=0.005) and seen.is_clear and seen.p_value < 0.01
    assert not unseen.is_clear and unseen.p_value > 0.05
    assert (rule.by_split["S0"].mean, rule.by_split["S0"].p_value) == (0, 1)


def test_rows_are_paired_by_id_in_whatever_order_they_come(rows):
    assert (
        ablate(rows.sample(frac=1, random_state=1).sort_values("method", kind="stable"), SETTINGS).gains[0]
        == (ablate(rows.sort_values(["method", "id"]), SETTINGS).gains[0])
    )


def test_tracks_are_never_compared_with_one_another(rows):
    found = ablate(rows, SETTINGS)
    assert found.tracks == ["clean", "leaderboard"]
    assert [(gain.track, gain.ingredient.name) for gain in found.gains] == [
        ("clean", "retrieved"), ("clean", "rule"), ("leaderboard", "suffix")
    ]  # fmt: skip
    assert {one.name: one.track for one in found.variants}["leaderboard"] == "leaderboard"


def test_an_ingredient_costs_the_difference_of_the_times(rows):
    found = ablate(rows, SETTINGS, seconds_a_row={"choice": 0.012, "choice - retrieved": 0.004, "leaderboard": 1.0})
    assert [gain.milliseconds_a_row for gain in found.gains] == [pytest.approx(8), None, None]
    table = ablation_table(found)
    assert "+8.0" in table and "1,000.0" in table


def test_rows_that_are_not_the_same_are_refused(rows):
    lacking = rows[~((rows["method"] == "choice - rule") & (rows["id"] == "row7"))]
    with pytest.raises(InputError, match=r"choice - rule: no score of row 'row7', .* one test file"):
        ablate(lacking, SETTINGS)
    with pytest.raises(InputError, match=r"choice: row 'row0' occurs a second time"):
        ablate(pd.concat([rows, rows.head(1)]), SETTINGS)


def test_the_table_names_tracks_gains_and_p_values(rows):
    table = ablation_table(ablate(rows, SETTINGS))
    assert "retrieved (in choice)" in table and "suffix (added to leaderboard)" in table
    assert "+0.010 [+0.010, +0.010] " in table
    assert "Track leaderboard: texts made for the metric alone" in table
