"""The moods: one golden example a family, and the stutter."""

import random

import pytest

from prompt_recovery.data.rules.tone import nervous

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


@pytest.mark.parametrize("seed", range(5))
def test_stutters_on_the_first_word_but_not_on_digits(seed):
    text = nervous("The bus left. 40 people saw Anna, and she waved.", random.Random(seed))
    assert "T-the" in text
    assert "40" in text
    assert "Anna, um, " in text
