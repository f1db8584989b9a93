import json

import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT

from prompt_recovery import config
from prompt_recovery.data.calibration.entropy import inclusion_chances, tilted_weights
from prompt_recovery.data.calibration.weighting import REGULARISATIONS, calibrate, read_board
from prompt_recovery.data.prompts.own_prompts import own_prompts
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine_matrix

SETTINGS = config.Calibration(subset_size=200)
SHARED = PROJECT.parent / "shared" / "data"
SEEN = 16


def words_embedder(texts, dimensions=8):
    """Stand in for a sentence embedder, in milliseconds: a common part, and latent semantic analysis of the words."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    reduced = TruncatedSVD(dimensions, random_state=0).fit_transform(words)
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
    return np.hstack([np.full((len(texts), 1), 0.5**0.5), 0.5**0.5 * reduced])


@pytest.fixture(scope="module")
def own():
    """The project's own prompts' families and vectors, shuffled: 36 constants, candidates, and the target's prompts."""
    prompts = own_prompts()
    order = np.random.default_rng(0).permutation(len(prompts))
    families, vectors = np.array([prompt.family for prompt in prompts]), words_embedder([p.text for p in prompts])
    return [(families[rows], vectors[rows]) for rows in np.split(order, [36, 36 + (len(order) - 36) // 2])]


def hidden_shares(kind, families, vectors, rng):
    """Return the chance of each of the target's prompts to be drawn."""
    names, member = np.unique(families, return_inverse=True)
    weights = {
        "flat": np.ones(len(families)),
        "sharp": rng.dirichlet(np.full(len(names), 0.1))[member],
        "few families": np.isin(member, rng.choice(len(names), 8, replace=False)) + 0.0,
        "around one prompt": np.exp(10 * vectors @ vectors[0]),
    }[kind]
    return weights / weights.sum()


def hidden_board(own, kind, seed=0):
    (_, constants), _, (families, vectors) = own
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(vectors), 1_350, p=hidden_shares(kind, families, vectors, rng))
    return sharpened_cosine_matrix(constants, vectors[rows]).mean(axis=1)


def errors_on_unseen(own, scores, result):
    (_, constants), (_, candidates), _ = own
    cosines = sharpened_cosine_matrix(constants[SEEN:], candidates)
    means = cosines.mean(axis=1), cosines @ result.weights, cosines[:, result.subset].mean(axis=1)
    return [np.abs(mean - scores[SEEN:]).mean() for mean in means]


def calibrate_seen(own, scores, settings=SETTINGS, seed=0):
    (_, constants), (_, candidates), _ = own
    return calibrate(candidates, constants[:SEEN], scores[:SEEN], settings, seed)


@pytest.mark.parametrize("kind", ["flat", "sharp", "few families", "around one prompt"])
def test_a_hidden_distribution_scores_unseen_constants_within_a_hundredth(own, kind):
    scores = hidden_board(own, kind)
    uniform, weights, subset = errors_on_unseen(own, scores, calibrate_seen(own, scores.round(2)))
    assert weights <= 0.01 and subset <= 0.01
    if kind != "flat":
        assert weights < 0.6 * uniform and subset < 0.6 * uniform


def test_weights_are_a_distribution_and_the_subset_is_of_the_size(own):
    result = calibrate_seen(own, hidden_board(own, "sharp"))
    assert result.weights.sum() == pytest.approx(1) and result.weights.min() >= 0
    assert result.effective_sample_size == pytest.approx(1 / (result.weights**2).sum())
    assert len(set(result.subset)) == 200 and sorted(result.subset) == list(result.subset)


def test_deviations_are_what_they_say(own):
    scores = hidden_board(own, "few families")
    result = calibrate_seen(own, scores)
    cosines = sharpened_cosine_matrix(own[0][1][:SEEN], own[1][1])
    for deviations, means in (
        (result.uncalibrated, cosines.mean(axis=1)),
        (result.fitted, cosines @ result.weights),
        (result.subset_fitted, cosines[:, result.subset].mean(axis=1)),
    ):
        assert deviations.by_constant == pytest.approx(means - scores[:SEEN])
        assert deviations.mean == pytest.approx(np.abs(means - scores[:SEEN]).mean())
        assert deviations.largest == pytest.approx(np.abs(means - scores[:SEEN]).max())
    assert result.fitted.mean < 0.3 * result.held_out.mean < 0.3 * result.uncalibrated.mean
    assert result.subset_held_out.mean == pytest.approx(result.held_out.mean, abs=0.003)


def test_a_score_that_the_others_contradict_is_not_believed_where_it_is_held_out(own):
    scores = hidden_board(own, "flat")
    wrong = scores.copy()
    wrong[3] += 0.1
    held_out = calibrate_seen(own, wrong).held_out.by_constant
    assert held_out[3] == pytest.approx(-0.1, abs=0.03)


@pytest.mark.slow
def test_noise_of_the_board_is_not_fitted(own, monkeypatch):
    scores = hidden_board(own, "flat")
    boards = [scores + np.random.default_rng(seed).normal(scale=0.03, size=36) for seed in range(4)]
    chosen = [calibrate_seen(own, board) for board in boards]
    monkeypatch.setattr("prompt_recovery.data.calibration.weighting.REGULARISATIONS", REGULARISATIONS[-1:])
    weakest = [calibrate_seen(own, board) for board in boards]
    error = {name: np.mean([errors_on_unseen(own, scores, result)[1] for result in results])
             for name, results in (("chosen", chosen), ("weakest", weakest))}  # fmt: skip
    assert error["chosen"] < 0.8 * error["weakest"]


def test_the_seed_deals_the_folds_and_nothing_else_is_random(own):
    scores = hidden_board(own, "sharp")
    one, same, other = (calibrate_seen(own, scores, seed=seed) for seed in (0, 0, 1))
    assert (one.weights == same.weights).all() and (one.subset == same.subset).all()
    assert (one.held_out.by_constant != other.held_out.by_constant).any()


def test_both_ways_by_halves_is_two_folds(own):
    scores = hidden_board(own, "sharp")
    halves = calibrate_seen(own, scores, SETTINGS.model_copy(update={"folds": 2}))
    assert halves.held_out.mean < 0.6 * halves.uncalibrated.mean


def test_weights_meet_the_scores_when_hardly_penalised_and_are_uniform_when_heavily():
    cosines = np.random.default_rng(0).uniform(size=(3, 500))
    scores = np.array([0.6, 0.45, 0.5])
    start = np.zeros(3)
    assert cosines @ tilted_weights(cosines, scores, 1e-7, start)[1] == pytest.approx(scores, abs=1e-4)
    assert tilted_weights(cosines, scores, 1e4, start)[1] == pytest.approx(np.full(500, 1 / 500), rel=1e-3)
    nearer = tilted_weights(cosines, scores, 1e-7, start)[1]
    moved = nearer + 1e-4 * np.linalg.svd(np.vstack([cosines, np.ones(500)]))[2][-1]  # the same means and sum
    assert (nearer * np.log(nearer)).sum() < (moved * np.log(moved)).sum()


def test_chances_of_inclusion_sum_to_the_size_and_none_is_above_1():
    cosines = np.random.default_rng(0).uniform(size=(3, 500))
    chances = inclusion_chances(cosines, np.array([0.8, 0.5, 0.5]), 1e-6, size=100)
    assert chances.sum() == pytest.approx(100, abs=1e-2) and chances.max() <= 1
    assert cosines @ chances / 100 == pytest.approx([0.8, 0.5, 0.5], abs=1e-3)


def test_too_few_constants_or_candidates_are_refused(own):
    scores = hidden_board(own, "flat")
    with pytest.raises(InputError, match=r"16 constants .* at least 2 for each of calibration.folds = 9"):
        calibrate_seen(own, scores, SETTINGS.model_copy(update={"folds": 9}))
    with pytest.raises(InputError, match=r"calibration.subset_size = 5000: expected fewer than the 1179 candidate"):
        calibrate_seen(own, scores, SETTINGS.model_copy(update={"subset_size": 5_000}))


def test_a_board_of_another_embedder_is_refused(own):
    (_, constants), (_, candidates), _ = own
    scores = sharpened_cosine_matrix(constants, candidates).mean(axis=1)
    scores[7] = -0.9
    with pytest.raises(InputError, match=r"1 of 36 scores are out of reach, such as -0\.900 in row 7: its cosines"):
        calibrate(candidates, constants, scores, SETTINGS, seed=0)


def test_a_board_is_read_with_the_columns_that_the_settings_name(tmp_path):
    path = tmp_path / "board.csv"
    pd.DataFrame({"prompt": ["Improve it.", "NA"], "lb": ["0.61", "0.4"]}).to_csv(path, index=False)
    board = read_board(path, config.Calibration(text_column="prompt", score_column="lb"))
    assert board.texts == ("Improve it.", "NA") and board.scores.tolist() == [0.61, 0.4]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"text": ["a"], "points": ["0.6"]}, r"board.csv: no column score; found: text, points"),
        ({"text": ["a", "b"], "score": ["0.6", "61"]}, r"board.csv, row 1: score '61', expected a mean sharpened"),
        ({"text": ["a"], "score": ["high"]}, r"row 0: score 'high'"),
        ({"text": ["a", "a"], "score": ["0.6", "0.6"]}, r"column text, row 1: 'a' occurs a second time"),
    ],
)
def test_a_bad_board_is_refused(tmp_path, rows, message):
    pd.DataFrame(rows).to_csv(tmp_path / "board.csv", index=False)
    with pytest.raises(InputError, match=message):
        read_board(tmp_path / "board.csv", config.Calibration())


@pytest.fixture(scope="module")
def real():
    """As `own`, with the leaderboard's constants, 4,000 real prompts and MiniLM; the families are clusters."""
    from prompt_recovery.data.splits.clustering import cluster_prompts
    from prompt_recovery.engines.embedder import load_embedder

    columns = config.Calibration(text_column="rewrite_prompt", score_column="leaderboard_score")
    texts = list(read_board(SHARED / "lb_scored_constants.csv", columns).texts)
    prompts = json.loads((SHARED / "rewrite_prompts_mit.json").read_text(encoding="utf-8"))[:4_000]
    vectors = load_embedder(config.Embedder(kind="minilm"))(texts + prompts)
    constants, vectors = vectors[:36], vectors[36:]
    clusters = cluster_prompts(vectors, config.Clustering())
    return [(None, constants), (clusters[::2], vectors[::2]), (clusters[1::2], vectors[1::2])]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
@pytest.mark.parametrize("kind", ["flat", "sharp", "few families", "around one prompt"])
def test_real_prompts_and_the_leaderboards_own_constants(real, kind):
    scores = hidden_board(real, kind)
    uniform, weights, subset = errors_on_unseen(real, scores, calibrate_seen(real, scores.round(2)))
    assert weights <= 0.01 and subset <= 0.01
    assert kind == "flat" or weights < uniform
