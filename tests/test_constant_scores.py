"""What a constant is expected to score on a pair, from pairs whose vectors were predicted as new ones are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from test_vector_regressor import embed_letters, triples

from prompt_recovery.config import Vector
from prompt_recovery.errors import InputError
from prompt_recovery.recover.vector import constant_scores as module
from prompt_recovery.recover.vector.constant_scores import fit_constant_scores, load_constant_scores
from prompt_recovery.recover.vector.kernel_ridge import cross_fitted
from prompt_recovery.recover.vector.vector_regressor import fit_vector_model, fit_with_unseen

CONSTANT = np.float32([1, 0])


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means that say nothing of the constant, signs, and prompts that are the constant where the third sign is high."""
    rng = np.random.default_rng(seed)
    signs = rng.uniform(size=(count, 4)).astype(np.float32)
    right = signs[:, 2] > 0.5
    truths = np.where(right[:, None], [1, 0], [0.5, np.sqrt(0.75)]).astype(np.float32)
    return np.tile(np.float32([0.2, 0.3]), (count, 1)), signs, truths


@pytest.fixture(scope="module")
def fitted():
    return fit_constant_scores("Improve it.", CONSTANT, *rows(1_000, 0), seed=0)


def test_the_score_is_expected_where_the_signs_tell_of_it(fitted):
    means, signs, truths = rows(300, 1)
    expected, scores = fitted(means, signs), (truths @ CONSTANT) ** 3
    assert set(scores.round(3)) == {0.125, 1}
    assert np.abs(expected - scores).mean() < 0.1 and expected.min() >= 0 and expected.max() <= 1


def test_the_trees_say_what_scikit_learn_says_and_are_kept(fitted, tmp_path):
    told, (means, signs, _) = rows(1_000, 0), rows(300, 1)
    theirs = GradientBoostingRegressor(**module._TREES, random_state=0)
    seen = module._seen(means, signs, CONSTANT)
    theirs.fit(module._seen(*told[:2], CONSTANT), (told[2] @ CONSTANT) ** 3)
    np.testing.assert_allclose(fitted(means, signs), np.clip(theirs.predict(seen), 0, 1), atol=1e-6)
    fitted.save(tmp_path / "scores.json")
    kept = load_constant_scores(tmp_path / "scores.json", "Improve it.", made_by="make vector RUN=x")
    np.testing.assert_array_equal(kept(means, signs), fitted(means, signs))


def test_those_of_another_constant_are_refused(fitted, tmp_path):
    fitted.save(tmp_path / "scores.json")
    with pytest.raises(InputError, match=r"'Improve it\.', expected 'Make it rhyme\.'.*make vector RUN=x"):
        load_constant_scores(tmp_path / "scores.json", "Make it rhyme.", made_by="make vector RUN=x")


def test_an_unseen_mean_owes_nothing_to_its_family_nor_to_its_original():
    train = triples(0, 72)
    names = {"family": train["rewrite_prompt"], "original_group": pd.Series([str(row // 6) for row in range(72)])}
    groups, (rng, own) = list(names.values()), (np.random.default_rng(0), 5)
    points, targets = rng.normal(size=(72, 3)).astype(np.float32), rng.normal(size=(72, 2)).astype(np.float32)
    kernel = points @ points.T
    before = cross_fitted(kernel, targets, 0.1, groups, seed=0)
    kin = np.logical_or.reduce([(name == name[own]).to_numpy() for name in groups])
    assert 12 < kin.sum() < 36
    after = cross_fitted(kernel, np.where(kin[:, None], np.float32(9), targets), 0.1, groups, seed=0)
    np.testing.assert_array_equal(after[own], before[own])
    assert (before != 0).any(axis=1).all() and (after != before).any()
    assert not cross_fitted(kernel, targets, 0.1, [pd.Series(["one"] * 72)], seed=0).any()  # no others to learn from


def test_a_model_is_the_same_with_unseen_means_and_these_are_worse():
    train = triples(0, 80).assign(family=lambda own: own["rewrite_prompt"])
    train["original_group"] = train["original_text"]
    model, prompts, unseen = fit_with_unseen(train, embed_letters, Vector(), seed=0)
    plain = fit_vector_model(train, embed_letters, Vector(), seed=0)
    np.testing.assert_array_equal(model.dual, plain.dual)
    np.testing.assert_array_equal(prompts, embed_letters(model.prompts))
    by_prompt = train.drop_duplicates("original_text").set_index("original_text").loc[train["original_text"]]
    seen = plain.predict(by_prompt.reset_index(), embed_letters)
    truths = embed_letters(by_prompt["rewrite_prompt"].tolist())
    assert (seen * truths).sum(axis=1).mean() > (unseen * prompts).sum(axis=1).mean() + 0.1
