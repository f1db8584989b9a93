"""The spoken roles: one golden example a family, and the mechanisms that are easy to break."""

import random

import pytest

from prompt_recovery.data.rules.persona import RULES, full_sentences, led, nouns, with_asides, with_leads
from prompt_recovery.data.rules.sentences import replace_words

ORIGINAL = (
    "The baker opened a small shop on Mill Street in May. "
    "Her phone rang all day, and people queued around the corner. I bought the last loaf!"
)
EXPECTED = {
    "sermon": (
        "O my faithful flock, the baker opened a small shop on Mill Street in May. Let the church say amen! I say to "
        "you from this pulpit: her phone rang all day, and souls queued around the corner. I bought the last loaf! "
        "Hallelujah! And for this we give thanks. Amen."
    ),
    "advertisement": (
        "New! Improved! Unmissable! The baker opened a handy pocket-sized shop on Mill Street in May! Yours at no "
        "extra cost: her phone rang all day, and people queued around the corner! I bought the last loaf! Available "
        "at a store near you!"
    ),
    "detective_noir": (
        "In this town, trouble always knows your address. The baker opened a small shop on Mill Street in May. I "
        "pulled down my hat and filed it away. Her phone rang all day, and people queued around the corner. I bought "
        "the last loaf! The shadows in the alley weren't talking. Even a private eye looks away some nights."
    ),
    "captains_log": (
        "Begin captain's log. Stardate 47890.1. The ship's cook opened a small shop on Mill Street in May. Shields "
        "are holding. Her communicator rang all day, and life-forms queued around the corner. I bought the last loaf! "
        "The science officer finds this fascinating. The mission goes on."
    ),
    "eulogy": (
        "Today we lay to rest someone we loved. I shall never forget: the baker opened a small shop on Mill Street in "
        "May. Her phone rang all day, and people queued around the corner. A candle burns for that memory. I bought "
        "the last loaf! You will be missed."
    ),
    "product_review": (
        "4 out of 5 stars. Very happy with this purchase. Verified purchase. The baker opened a small shop on Mill "
        "Street in May. Great value for money. Her phone rang all day, and people queued around the corner. I bought "
        "the last loaf! Tested it for two weeks now. Highly recommended to other buyers."
    ),
    "sports_commentary": (
        "There's the whistle, and we're off! Look at the replay: the baker opened a small shop on Mill Street in May! "
        "And the fans go wild! Her phone rang all day, and fans queued around the corner! Watch this now, Jim: I "
        "bought the last loaf! GOAL! One for the record books, folks!"
    ),
}


def test_every_family_has_an_example():
    assert EXPECTED.keys() == RULES.keys()


@pytest.mark.parametrize("family", EXPECTED)
def test_example(family):
    assert RULES[family](ORIGINAL, random.Random(0)) == EXPECTED[family]


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


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The bus left.", "Friends, the bus left."),
        ("I'm here.", "Friends, I'm here."),
        ("Anna left.", "Friends: Anna left."),
        ("40 left.", "Friends, 40 left."),
    ],
)
def test_lead_fits_the_first_word(sentence, expected):
    assert led("Friends,", sentence) == expected


def test_leads_and_asides_do_not_repeat_before_all_are_used():
    sentences = ["40 left."] * 4
    assert len(set(with_leads(sentences, random.Random(1), ["A:", "B:", "C:", "D:"], step=1))) == 4
    assert len(set(with_asides(sentences, random.Random(1), ["A.", "B.", "C.", "D."], step=1))) == 4
    assert with_asides(sentences, random.Random(1), ["A."], start=1, step=2)[::2] == ["40 left."] * 2


def test_nouns_bend_with_their_number_and_article():
    lexicon = nouns({"box": "airlock", "office": "story"})
    assert replace_words("A box, an office, boxes, OFFICES.", lexicon) == "An airlock, a story, airlocks, Stories."


@pytest.mark.parametrize("family", ["advertisement", "sports_commentary"])
def test_statements_become_exclamations_and_questions_stay(family):
    text = RULES[family]('It rained... Did you see it? He said "yes."', random.Random(2))
    assert "rained!" in text
    assert "see it?" in text
    assert 'said "yes!"' in text


def test_stardate_differs_by_seed():
    assert len({RULES["captains_log"]("We left.", random.Random(seed)) for seed in range(20)}) == 20
