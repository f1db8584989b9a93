import numpy as np
import pandas as pd
import pytest

from prompt_recovery.score.confidence import confident_rows, draw_risk_coverage, risk_coverage, spearman

RNG = np.random.default_rng(0)
SCORES = RNG.random(400)


def test_the_curve_is_the_mean_score_of_the_most_confident_rows():
    curve = risk_coverage(np.array([0.1, 0.9, 0.5]), np.array([0.0, 0.6, 0.3]))
    assert curve.coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert curve.score == pytest.approx([0.6, 0.45, 0.3])
    assert (curve.area, curve.best_area, curve.random_area) == pytest.approx((0.45, 0.45, 0.3))


def test_rows_of_equal_confidence_come_in_no_order():
    scores = np.array([1.0, 0.0, 0.0, 1.0])
    level = risk_coverage(np.ones(4), scores)
    assert level.score == pytest.approx([0.5] * 4)
    assert level.gain == pytest.approx(0)
    tied = risk_coverage(np.array([2, 1, 1, 1]), scores)
    assert tied.score == pytest.approx([1, (1 + 1 / 3) / 2, (1 + 2 / 3) / 3, 0.5])


def test_a_perfect_confidence_gains_all_a_reversed_one_loses_and_a_random_one_gains_nothing():
    even = np.linspace(0, 1, 1_000)
    assert risk_coverage(even**3, even).gain == pytest.approx(1)
    assert risk_coverage(-even, even).gain == pytest.approx(-1)
    gains = [risk_coverage(RNG.random(400), SCORES).gain for _ in range(200)]
    assert np.mean(gains) == pytest.approx(0, abs=0.03)
    # E of the mean of the best share c of U(0, 1) is 1 - c / 2, whose mean over c is 3 / 4
    assert risk_coverage(even, even).best_area == pytest.approx(0.75, abs=0.001)


def test_where_all_rows_score_alike_there_is_nothing_to_gain():
    assert risk_coverage(np.arange(5), np.ones(5)).gain is None


def test_the_rank_correlation_is_that_of_the_ranks():
    assert spearman(np.array([1, 2, 3, 4]), np.array([1, 10, 100, 1000])) == pytest.approx(1)
    assert spearman(np.array([1, 2, 3, 4, 5]), np.array([2, 1, 4, 3, 5])) == pytest.approx(1 - 6 * 4 / (5 * 24))
    assert spearman(np.array([1, 1, 2]), np.array([1, 2, 3])) == pytest.approx(np.sqrt(3) / 2)  # ties share their rank


@pytest.mark.parametrize("confidence", [[1, 1, 1], [1, 2]])
def test_a_confidence_that_is_the_same_everywhere_has_no_rank(confidence):
    assert spearman(np.array(confidence), np.arange(len(confidence))) is None


def test_without_confidences_there_is_no_figure():
    rows = pd.DataFrame({"split": "S0", "method": "a", "score": [0.1, 0.2]})
    assert draw_risk_coverage(rows) == () == draw_risk_coverage(rows.assign(confidence=np.nan))
    assert len(confident_rows(rows.assign(confidence=[np.nan, 0.3]))) == 1


def test_the_figure_has_a_panel_a_split():
    rows = pd.DataFrame({"split": ["S0", "S2"] * 4, "method": ["a"] * 4 + ["b"] * 4, "score": SCORES[:8]})
    (drawing,) = draw_risk_coverage(rows.assign(confidence=SCORES[8:16]))
    assert all(f">{word}<" in drawing.svg for word in ("S0", "S2", "a", "b", "coverage"))
