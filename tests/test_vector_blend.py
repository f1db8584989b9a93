import numpy as np
import pytest

from prompt_recovery.errors import InputError
from prompt_recovery.recover.vector.vector_blend import fit_blend, load_blend


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def noisy(truths: np.ndarray, noise: float, seed: int) -> np.ndarray:
    return unit(truths + noise * np.random.default_rng(seed).normal(size=truths.shape) / np.sqrt(truths.shape[1]))


@pytest.fixture(scope="module")
def truths() -> np.ndarray:
    return unit(np.random.default_rng(0).normal(size=(600, 32)))


SPLITS = ["S0"] * 300 + ["S2"] * 300


def test_two_that_err_apart_are_blended_and_better_than_either(truths):
    encoded, regressed = noisy(truths, 1, seed=1), 0.7 * noisy(truths, 1, seed=2)
    blend = fit_blend(encoded, regressed, truths, SPLITS, "minilm")
    assert blend.share == 0.5
    assert blend.scores["0.5"] > max(blend.scores["0"], blend.scores["1"]) + 0.05


def test_one_that_knows_nothing_changes_nothing(truths):
    good, noise = noisy(truths, 0.5, seed=1), unit(np.random.default_rng(3).normal(size=truths.shape))
    for pair in ((good, noise), (noise, good)):
        vectors = unit(fit_blend(*pair, truths, SPLITS, "minilm")(*pair))
        assert np.einsum("nd,nd->n", vectors, good).min() > 0.99


def test_the_products_of_the_blend_are_the_cosines_to_be_expected(truths):
    encoded, regressed = noisy(truths, 1, seed=1), 3 * noisy(truths, 2, seed=2)
    blend = fit_blend(encoded, regressed, truths, SPLITS, "minilm")
    vectors = blend(encoded, regressed)
    assert 0 < blend.share < 1 and vectors.dtype == np.float32
    own = np.einsum("nd,nd->n", vectors, truths).mean()
    assert own == pytest.approx((np.linalg.norm(vectors, axis=1) ** 2).mean(), rel=1e-4)  # least squares
    assert blend.lengths[0] == pytest.approx(np.einsum("nd,nd->n", encoded, truths).mean(), rel=1e-4)


def test_the_regressors_lengths_which_tell_its_sureness_are_kept(truths):
    regressed = noisy(truths, 0.3, seed=1) * np.linspace(0.2, 1, len(truths))[:, None]
    noise = unit(np.random.default_rng(3).normal(size=truths.shape))
    blend = fit_blend(noise, regressed, truths, SPLITS, "minilm")
    lengths = np.linalg.norm(blend(noise, regressed), axis=1)
    assert blend.share == 0 and lengths[-1] / lengths[0] == pytest.approx(5, rel=1e-3)


def test_a_small_split_counts_as_much_as_a_large_one(truths):
    splits = ["S0"] * 590 + ["S2"] * 10
    encoded, regressed = noisy(truths, 0.6, seed=1), noisy(truths, 0.7, seed=2)
    encoded[590:] = -truths[590:]
    assert fit_blend(encoded, regressed, truths, splits, "minilm").share < 0.5
    assert fit_blend(encoded, regressed, truths, ["all"] * 600, "minilm").share == 0.5


def test_what_was_saved_blends_alike_and_another_embedder_is_refused(truths, tmp_path):
    encoded, regressed = noisy(truths, 1, seed=1), noisy(truths, 1, seed=2)
    blend = fit_blend(encoded, regressed, truths, SPLITS, "minilm")
    blend.save(tmp_path / "blend.json")
    read = load_blend(tmp_path / "blend.json", "minilm", made_by="make vector")
    assert read == blend and (read(encoded, regressed) == blend(encoded, regressed)).all()
    with pytest.raises(InputError, match=r"the embedder minilm, expected wordllama. Run `make vector` again"):
        load_blend(tmp_path / "blend.json", "wordllama", made_by="make vector")


@pytest.mark.parametrize("rows, width", [(0, 32), (600, 16)])
def test_vectors_that_are_not_of_the_same_prompts_are_refused(truths, rows, width):
    with pytest.raises(InputError, match=r"blend of vectors: shapes .* expected the same \(n, d\)"):
        fit_blend(truths[:rows, :width], truths[:rows], truths[:rows], SPLITS[:rows], "minilm")
