import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Vector
from prompt_recovery.errors import InputError
from prompt_recovery.recover.vector.terms import terms_of
from prompt_recovery.recover.vector.vector_regressor import fit_vector_model, load_vector_model

STYLES = {"pirate": "Ahoy, {} Arr matey!", "list": "- {}\n- {}", "shout": "{}!!!", "letter": "Dear friend, {} Regards"}
WORDS = "kettle bread aunt ship river garden letter winter".split()


def embed_letters(texts) -> np.ndarray:
    """Counts of letters, as unit vectors; a text without any points elsewhere."""
    counts = np.array([[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts])
    counts = np.hstack([counts, np.full((len(texts), 1), 0.1)])
    return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


def triples(seed: int, count: int) -> pd.DataFrame:
    rng, rows = np.random.default_rng(seed), []
    for number in range(count):
        style = list(STYLES)[number % len(STYLES)]
        original = " ".join(rng.choice(WORDS, 5)) + "."
        rows.append((original, STYLES[style].replace("{}", original), f"Rewrite it as a {style}"))
    return pd.DataFrame(rows, columns=["original_text", "rewritten_text", "rewrite_prompt"])


@pytest.fixture(scope="module")
def model():
    return fit_vector_model(triples(0, 80), embed_letters, Vector(), seed=0)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_vector_of_new_texts_points_at_their_prompt(model):
    held_out = triples(1, 40)
    styles = [f"Rewrite it as a {style}" for style in STYLES]
    near = unit(model.predict(held_out, embed_letters)) @ embed_letters(styles).T
    assert [styles[place] for place in near.argmax(axis=1)] == list(held_out["rewrite_prompt"])


def test_the_neighbours_are_the_prompts_of_the_likest_training_pairs_each_once(model):
    held_out = triples(1, 8)
    neighbours = model.read(held_out, embed_letters, neighbours=3).neighbours
    assert [own[0] for own in neighbours] == list(held_out["rewrite_prompt"])
    assert all(len(set(own)) == 3 for own in neighbours)


def test_the_length_of_a_vector_tells_how_sure_it_is(model):
    known = np.linalg.norm(model.predict(triples(0, 80), embed_letters), axis=1)
    strange = pd.DataFrame({"original_text": ["Здравствуй"], "rewritten_text": ["12345 67890 ???"]})
    assert np.linalg.norm(model.predict(strange, embed_letters)) < known.min()


@pytest.mark.parametrize("text", [float("nan"), None, "", "🙂", "你好", "x " * 50_000])
def test_any_pair_has_a_vector(model, text):
    pairs = pd.DataFrame({"original_text": [text, "a", text], "rewritten_text": ["a", text, text]})
    vectors = model.predict(pairs, embed_letters)
    assert vectors.shape == (3, 27) and np.isfinite(vectors).all()


def test_a_row_is_answered_alike_alone_and_among_others(model):
    held_out = triples(2, 6)
    alone = [model.predict(held_out.iloc[[row]], embed_letters)[0] for row in range(6)]
    assert np.array(alone) == pytest.approx(model.predict(held_out, embed_letters), abs=1e-5)


def test_what_was_saved_predicts_the_same(model, tmp_path):
    model.save(tmp_path / "vector")
    read = load_vector_model(tmp_path / "vector", "embed_letters", made_by="make vector")
    held_out = triples(1, 8)
    again, first = (one.read(held_out, embed_letters, neighbours=2) for one in (read, model))
    assert (again.means == first.means).all() and again.neighbours == first.neighbours


def test_another_embedder_is_refused(model, tmp_path):
    model.save(tmp_path / "vector")
    with pytest.raises(InputError, match=r"embed_letters, expected minilm. Run `make vector`"):
        load_vector_model(tmp_path / "vector", "minilm", made_by="make vector")
    with pytest.raises(InputError, match="got embed_angles"):
        model.predict(triples(1, 4), lambda_named("embed_angles", embed_letters))
    with pytest.raises(InputError, match="vectors of 27 numbers, got 5"):
        model.predict(triples(1, 4), lambda_named("embed_letters", lambda texts: embed_letters(texts)[:, :5]))


def lambda_named(name, embed):
    def named(texts):
        return embed(texts)

    named.__name__ = name
    return named


def test_a_vector_without_numbers_is_refused(model):
    broken = lambda_named("embed_letters", lambda texts: np.full((len(texts), 27), np.nan))
    with pytest.raises(InputError, match="no numbers"):
        model.predict(triples(1, 4), broken)


def test_one_triple_is_enough_and_none_is_refused():
    model = fit_vector_model(triples(0, 1), embed_letters, Vector(), seed=0)
    assert np.isfinite(model.predict(triples(1, 4), embed_letters)).all()
    with pytest.raises(InputError, match="no training triples"):
        fit_vector_model(triples(0, 0), embed_letters, Vector(), seed=0)


def test_no_more_rows_are_fitted_than_set_and_the_seed_draws_them():
    fitted = [fit_vector_model(triples(0, 60), embed_letters, Vector(max_rows=20), seed=seed) for seed in (0, 0, 1)]
    assert len(fitted[0].dual) == 20
    assert (fitted[0].dual == fitted[1].dual).all() and not (fitted[0].dual == fitted[2].dual).all()


def test_terms_are_rows_of_unit_length_and_rare_words_weigh_more():
    terms = terms_of([["a", "b"], ["a", "c"], ["a", "b"], []], fewest=2)
    assert list(terms.number) == ["a", "b"]
    (row, none) = terms.rows([["b", "a", "z"], ["z"]]).toarray()
    assert np.linalg.norm(row) == pytest.approx(1) and row[1] > row[0]
    assert not none.any()
