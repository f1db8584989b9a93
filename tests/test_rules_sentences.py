"""Texts cut into sentences, and words replaced."""

import pytest

from prompt_recovery.data.rules.sentences import (
    exclaimed,
    full_sentences,
    lower_first,
    replace_words,
    split_sentences,
)


def test_a_sentence_ends_where_a_capital_or_a_digit_follows():
    text = 'It ran. "Where?" he  asked. It cost 5.5 now! Yes'
    assert split_sentences(text) == ["It ran.", '"Where?" he asked.', "It cost 5.5 now!", "Yes"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("We left", ["We left."]),
        ("Why? We left,", ["Why?", "We left."]),
        ('He said "No."', ['He said "No."']),
        ("", [""]),
    ],
)
def test_last_sentence_is_closed(text, sentences):
    assert full_sentences(text) == sentences


def test_exclamation_marks_stand_inside_quotes_and_leave_questions():
    assert exclaimed(['He said "yes."', "Why?", "We left..."]) == ['He said "yes!"', "Why?", "We left!"]


def test_the_longest_phrase_is_replaced_and_capitals_stay():
    assert replace_words("My friend, my dog", {"my": "me", "my friend": "matey"}) == "Matey, me dog"


def test_the_first_letter_is_lowered_but_for_i_and_names():
    texts = ["The dog", "I am", "Anna is", "It's"]
    assert [lower_first(text) for text in texts] == ["the dog", "I am", "Anna is", "it's"]
