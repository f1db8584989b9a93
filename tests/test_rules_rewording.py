"""Words replaced by the pairs of a lexicon, and contractions written out."""

import pytest

from prompt_recovery.data.rules.rewording import nouns, reworded, without_contractions
from prompt_recovery.data.rules.sentences import replace_words


def test_nouns_bend_with_their_number_and_article():
    lexicon = nouns({"box": "airlock", "office": "story"})
    assert replace_words("A box, an office, boxes, OFFICES.", lexicon) == "An airlock, a story, airlocks, Stories."


@pytest.mark.parametrize(
    ("words", "sentence", "expected"),
    [
        ("street=trail", "The street is not Mill Street.", "The trail is not Mill Street."),
        ("cow=owl", "A cow, two cows.", "An owl, two owls."),
        ("new=old", "A new car, no news.", "An old car, no news."),
    ],
)
def test_words_bend_and_names_stay(words, sentence, expected):
    assert reworded(sentence, words) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't you know? I'm sure it's late.", "Do you not know? I am sure it is late."),
        ("They'll say we can't and won't.", "They will say we cannot and will not."),
        ("Anna's car, it's been sold.", "Anna's car, it has been sold."),
        ("You\N{RIGHT SINGLE QUOTATION MARK}re here.", "You are here."),
    ],
)
def test_contractions_are_written_out_and_possessives_stay(text, expected):
    assert without_contractions(text) == expected
