import numpy as np
import pandas as pd
import pytest

from prompt_recovery.recover.vector.change_features import edge_words, new_words, surface_changes, text_vectors


def pairs(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["original_text", "rewritten_text"])


def test_new_words_are_those_that_the_original_lacks_in_any_case():
    (words,) = new_words(pairs(("The ship sails.", "Ahoy, the SHIP sails, matey!")))
    assert words == ["ahoy", ",", ",", "matey", "!"]


def test_the_edges_tell_a_greeting_from_a_signature():
    greeting, signature = edge_words(pairs(("a", "Dear all " + "x " * 20), ("a", "x " * 20 + "Dear all")))
    assert "s_dear" in greeting and "s_dear s_all" in greeting and "e_dear" not in greeting
    assert "e_dear" in signature and "s_dear" not in signature


@pytest.mark.parametrize(
    "rewritten", ["I SEE IT!", "- one\n- two", "We see it; therefore we go.", "Dost thou see it? 🙂", '"It," she said.']
)
def test_a_change_of_layout_or_register_is_seen(rewritten):
    same, changed = surface_changes(pairs(("I see it.", "I see it."), ("I see it.", rewritten)))
    assert np.abs(changed - same).max() > 0.2


def test_a_text_that_was_not_changed_has_no_change():
    (same,) = surface_changes(pairs(("I see it.", "I see it.")))
    count = (len(same) - 5) // 2  # five numbers say what the texts share
    assert not same[count : 2 * count].any()
    assert same[-5] == 1 and same[-1] == 1


@pytest.mark.parametrize("text", [float("nan"), None, "", "🙂🙂", "Здравствуй, мир", "x" * 100_000, "\0\n\t"])
def test_any_text_has_finite_signs_on_either_side(text):
    frame = pairs((text, "A text."), ("A text.", text), (text, text))
    assert np.isfinite(surface_changes(frame)).all()
    assert len(new_words(frame)) == len(edge_words(frame)) == 3


def test_each_distinct_text_is_embedded_once_and_cut():
    asked = []

    def embed(texts):
        asked.extend(texts)
        return np.array([[len(text), 1] for text in texts])

    original, rewritten = text_vectors(pairs(("aa", "b"), ("b", "aa"), ("b", "x" * 100_000)), embed)
    assert sorted(asked, key=len)[:2] == ["b", "aa"] and len(asked) == 3
    assert max(map(len, asked)) == 2_000
    assert original[:, 0].tolist() == [2, 1, 1] and rewritten[:, 0].tolist() == [1, 2, 2_000]
