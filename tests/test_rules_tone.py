"""The moods: one golden example a family, and the mechanisms that are easy to break."""

import random

import pytest

from prompt_recovery.data.rules.tone import RULES, exclaimed, framed, without_contractions

ORIGINAL = (
    "The old man said that nobody had opened the window since May. My friend Anna walked home at night, because the "
    "bus was late. Will you send her the letter?"
)
EXPECTED = {
    "cheerful": (
        "Yippee! The darling old man chirped that nobody had opened the window since May! Woohoo! My wonderful friend "
        "Anna skipped home by starlight, because the splendid bus was late! Will you send her the letter? Big hugs to "
        "everyone!"
    ),
    "gloomy": (
        "Nothing good ever lasts. The hopeless old man said that nobody had opened the window since May. I feel so "
        "empty. My last remaining friend Anna walked home in dead of night, because the joyless bus was late. Will "
        "you send her the letter? And still it rains."
    ),
    "sarcastic": (
        "Wow, stop the presses. The world-changing old man said that absolutely nobody had opened the window since "
        "May. Yeah, right. In totally unexpected news, my dear, dear friend Anna walked home at night, because the "
        "oh-so-special bus was late. Will you send her the letter? Try to contain your excitement."
    ),
    "angry": (
        "Are you kidding me?! The stupid old man snapped that NOBODY had opened the window since May! It drives me "
        "mad! My so-called friend Anna stormed home at night, because the bloody bus was late! Will you send her the "
        "letter? Somebody will pay for this!"
    ),
    "nervous": (
        "S-sorry, I'm shaking. T-the creaky old man stammered that n-nobody had opened the window since May... What "
        "if it all goes wrong? M-my friend Anna walked home in the scary dark, um, because the bus w-was late. W-Will "
        "you send h-her the letter? Sorry, sorry, sorry."
    ),
    "polite": (
        "With your kind permission, the old gentleman graciously said that nobody had opened the window since May. "
        "Much obliged. May I kindly mention: my dear friend Anna walked home at night, because the bus was late. Will "
        "you kindly send her the letter? Please do forgive me."
    ),
    "dramatic": (
        "Brace yourselves! The trembling ancient man cried that not one living soul had flung open the window... "
        "since May! Rivers of tears! My friend Anna staggered home in blackest night, because the dreadful bus was "
        "late! Will you send her the letter? The rest... is destiny."
    ),
    "conspiratorial": (
        "Is this line secure? The mysterious old man claimed that nobody who will talk had opened the window since "
        "May. They hushed that up. My friend Anna walked home at night, supposedly because the alleged unmarked bus "
        "was late. Will you send her the coded letter? That's what they want you to believe."
    ),
    "romantic": (
        "Sweetheart, the dreamy old man whispered that nobody had opened the window since May. I ache for you. My "
        "beloved friend Anna strolled dreamily home by moonlight, because the sweet bus was late. Will you send her "
        "the love letter? Kiss me beneath the moon."
    ),
    "boastful": (
        "Prepare to be amazed. The old man said that no lesser talent had boldly opened the window since May. Try to "
        "top that. Thanks to my flawless taste, my flawless biggest fan Anna walked home at night, because the bus "
        "was late. Will you send her the letter? You're welcome, world."
    ),
}


def test_every_family_has_an_example():
    assert EXPECTED.keys() == RULES.keys()


@pytest.mark.parametrize("family", EXPECTED)
def test_example(family):
    assert RULES[family](ORIGINAL, random.Random(0)) == EXPECTED[family]


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


def test_exclamation_marks_stand_inside_quotes_and_leave_questions():
    assert exclaimed(['He said "yes."', "Why?", "We left..."]) == ['He said "yes!"', "Why?", "We left!"]


@pytest.mark.parametrize(
    ("words", "sentence", "expected"),
    [
        ("street=trail", "The street is not Mill Street.", "The trail is not Mill Street."),
        ("cow=owl", "A cow, two cows.", "An owl, two owls."),
        ("new=old", "A new car, no news.", "An old car, no news."),
    ],
)
def test_words_bend_and_names_stay(words, sentence, expected):
    assert framed([sentence], random.Random(0), "Oh.", "Bye.", words=words) == f"Oh. {expected} Bye."


def test_qualifiers_alternate_and_spare_what_is_not_plain():
    framing = {"openings": "Oh.", "endings": "Bye.", "qualifiers": "poor"}
    sentences = ["The first cat saw the dog and the May sun.", "The cow, the best cow, the pig."]
    expected = "Oh. The first cat saw the poor dog and the May sun. The cow, the best cow, the poor pig. Bye."
    assert framed(sentences, random.Random(0), **framing) == expected


@pytest.mark.parametrize("seed", range(5))
def test_stutters_on_the_first_word_but_not_on_digits(seed):
    text = RULES["nervous"]("The bus left. 40 people saw Anna, and she waved.", random.Random(seed))
    assert "T-the" in text
    assert "40" in text
    assert "Anna, um, " in text
