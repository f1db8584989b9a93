import random
from itertools import combinations

import pytest

from prompt_recovery.score.text_metrics import (
    common_subsequence_length,
    exact_match,
    normalised,
    rouge_l,
    token_f1,
)


@pytest.mark.parametrize(
    ("truth", "prediction", "value"),
    [
        # values of rouge-score 0.1.2, rougeL without stemming
        ("The quick brown fox jumps over the lazy dog", "The quick brown dog jumps on the log.", 10 / 17),
        ("Make it rhyme.", "make it RHYME", 1.0),
        ("Rewrite this as a sea-shanty", "sea shanty", 4 / 8),
        ("rhyme it make", "make it rhyme", 1 / 3),
        ("Make it rhyme.", "", 0.0),
        ("?!", "?!", 0.0),
    ],
)
def test_rouge_l_is_the_f1_of_the_longest_common_subsequence(truth, prediction, value):
    assert rouge_l(truth, prediction) == pytest.approx(value)
    assert rouge_l(prediction, truth) == pytest.approx(value)


def test_other_scripts_have_words_too():
    assert rouge_l("Сделай текст смешным", "сделай смешным") == pytest.approx(4 / 5)
    assert token_f1("«Сделай» текст", "сделай") == pytest.approx(2 / 3)


def test_the_subsequence_is_the_longest_of_all_that_are_tried():
    draw = random.Random(0)
    for _ in range(60):
        first, second = ([draw.choice("abc") for _ in range(draw.randrange(7))] for _ in range(2))
        common = (k for k in range(min(len(first), len(second)), -1, -1) if _share(first, second, k))
        assert common_subsequence_length(first, second) == next(common)


def _share(first, second, length) -> bool:
    return bool(set(combinations(first, length)) & set(combinations(second, length)))


def test_long_texts_are_compared_in_one_pass():
    words = [str(number % 50) for number in range(20_000)]
    assert common_subsequence_length(words, words[::2]) == 10_000


def test_squad_takes_no_notice_of_case_articles_punctuation_and_spaces():
    assert normalised("  The cat's\tTHEME,  an “ode” — a song. ") == "cats theme ode song"
    assert exact_match("Write a poem!", "write the  poem") == 1
    assert exact_match("Write a poem!", "write poems") == 0


@pytest.mark.parametrize(
    ("truth", "prediction", "value"),
    [
        ("make it a poem", "a poem it make", 1.0),
        ("make make it", "make it it", 2 / 3),  # each word as often as in the other
        ("make it", "rhyme", 0.0),
        ("make it", "", 0.0),
        ("the", "!", 1.0),
    ],
)
def test_token_f1_counts_words_in_any_order(truth, prediction, value):
    assert token_f1(truth, prediction) == pytest.approx(value)
