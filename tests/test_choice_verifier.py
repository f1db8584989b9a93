"""What the score of a candidate is told from, and how it is told."""

import numpy as np
import pandas as pd
import pytest

from prompt_recovery.errors import InputError
from prompt_recovery.recover.choice.candidate_signs import signs_of
from prompt_recovery.recover.choice.evidence import Evidence, candidates_of
from prompt_recovery.recover.choice.verifier import Verifier, cross_fitted, fit_verifier

AXES = {"old": 0, "new": 1, "sad": 2, "glad": 3}


def embed_words(texts) -> np.ndarray:
    vectors = np.full((len(texts), 4), 1e-6)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            vectors[row, AXES.get(word, 3)] += 1
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def signs(pair: tuple[str, str], texts: dict[str, str], mean=None) -> pd.DataFrame:
    """Return the signs of texts, given with their kinds, a row a text in the order of their length."""
    pairs = pd.DataFrame({"id": ["a"], "original_text": pair[:1], "rewritten_text": pair[1:]})
    told = pd.DataFrame({"id": "a", "rewrite_prompt": list(texts), "kind": list(texts.values())})
    told = told.assign(opening="", adapter="", sample=np.arange(len(told), dtype=np.int32))
    candidates = candidates_of(Evidence(pairs, told, mean), embed_words)
    return signs_of(candidates, candidates.expected(1.0), embed_words)


def test_the_signs_say_how_near_and_how_sure_the_vector_is():
    mean = np.float32(0.5) * embed_words(["sad"])
    table = signs(("old", "new"), {"sad": "decoded", "old sad": "constant"}, mean)
    assert table["product"].to_numpy() == pytest.approx([0.5, 0.5 / np.sqrt(2)], abs=1e-5)
    assert table["nearness"][0] == pytest.approx(0.125, abs=1e-5) and table["sureness"].tolist() == pytest.approx(
        [0.5] * 2
    )
    assert table["decoded"].tolist() == [1, 0] and table["constant"].tolist() == [0, 1]
    assert not signs(("old", "new"), {"sad": "decoded"})[["product", "nearness", "sureness"]].to_numpy().any()


def test_the_signs_compare_with_both_texts_and_the_change():
    table = signs(("old", "new"), {"new": "neighbour", "old": "decoded"})
    told = table[["like the original", "like the rewritten", "like the change"]].to_numpy()
    assert told[1] == pytest.approx([1, 0, -np.sqrt(0.5)], abs=1e-5)  # of equal length by alphabet: new, old
    assert told[0] == pytest.approx([0, 1, np.sqrt(0.5)], abs=1e-5)


def test_the_signs_count_the_longer_words_that_are_new_and_those_of_the_original():
    row = signs(("Seven sailors sang", "Seven pirates sang"), {"Make the sailors into 7 pirates": "model"}).iloc[0]
    assert row["words that are new"] == pytest.approx(1 / 4)  # make, sailors, into, pirates
    assert row["words of the original"] == pytest.approx(1 / 4)


def test_texts_that_are_none_have_signs_too():
    table = signs((np.nan, "😀" * 50_000), {"sad": "decoded", "1": "model"})
    assert np.isfinite(table.to_numpy()).all()


def table_of(count: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Signs of which one tells the score, one is noise, and one never varies."""
    draw = np.random.default_rng(seed)
    values = pd.DataFrame({"telling": draw.normal(5, 2, count), "noise": draw.normal(size=count), "same": 7.0})
    return values, 1 / (1 + np.exp(-(values["telling"].to_numpy() - 6)))


def test_the_score_is_told_from_the_sign_that_tells_it():
    verifier = fit_verifier(*table_of(400, seed=0), penalty=1e-5)
    unseen, scores = table_of(50, seed=1)
    assert verifier(unseen) == pytest.approx(scores, abs=0.02)
    assert verifier.weights[2] == 0 and abs(verifier.weights[1]) < 0.02


def test_a_score_below_zero_counts_as_zero():
    table, scores = table_of(400, seed=0)
    low = scores < 0.2
    assert fit_verifier(table, np.where(low, -1, scores), 1e-3) == fit_verifier(table, np.where(low, 0, scores), 1e-3)


def test_a_wild_sign_is_bounded():
    verifier = Verifier(("a",), (0.0,), (1.0,), (0.1,), 0.0)
    assert verifier(pd.DataFrame({"a": [1e9]}))[0] == pytest.approx(1 / (1 + np.exp(-0.8)))


def test_a_family_is_judged_without_having_been_seen():
    families = np.repeat(np.arange(10), 20)
    memory = pd.DataFrame(np.eye(10)[families], columns=[str(family) for family in range(10)])
    scores = (families % 2).astype(float)
    seen = fit_verifier(memory, scores, 1e-6)(memory)
    unseen = cross_fitted(memory, scores, families, 1e-6, seed=0)
    assert np.abs(seen - scores).max() < 0.05 < 0.3 < np.abs(unseen - scores).min()


def test_other_signs_are_refused():
    verifier = Verifier(("a", "b"), (0.0, 0.0), (1.0, 1.0), (1.0, 1.0), 0.0)
    with pytest.raises(InputError, match="fitted on the signs a, b; found b, a"):
        verifier(pd.DataFrame({"b": [1.0], "a": [1.0]}))
