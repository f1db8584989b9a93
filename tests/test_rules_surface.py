"""The surface rules: one golden example a family, and the odd words."""

import random

import pytest

from prompt_recovery.data.rules import surface

ORIGINAL = 'Nora baked a cake, but it didn\'t rise. "We can still eat it," said Hugo.'
EXPECTED = {
    "upper_case": 'NORA BAKED A CAKE, BUT IT DIDN\'T RISE! "WE CAN STILL EAT IT," SAID HUGO!',
    "lower_case": 'nora baked a cake, but it didn\'t rise. "we can still eat it," said hugo.',
    "no_punctuation": "Nora baked a cake but it didnt rise We can still eat it said Hugo",
    "no_vowels": 'Nr bkd ck, bt t ddn\'t rs. "W cn stll t t," sd Hg.',
    "pig_latin": (
        'Oranay akedbay aay akecay, utbay itay idn\'tday iseray. "Eway ancay illstay eatay itay," aidsay Ugohay.'
    ),
    "leetspeak": 'N0r4 b4k3d 4 c4k3, bu+ 1+ d1dn\'+ r1$3. "W3 c4n $+1ll 34+ 1+," $41d Hug0. l33t!',
    "emoji": 'Nora baked a cake 🎂, but it didn\'t rise. 🌟 "We can still eat it," said Hugo. ✨',
    "title_case": 'Nora Baked a Cake, but It Didn\'t Rise. "We Can Still Eat It," Said Hugo.',
    "reversed_order": "Hugo said, it eat still can we. Rise didn't it but, cake a baked Nora.",
    "snake_case": "nora_baked_a_cake_but_it_didnt_rise. we_can_still_eat_it_said_hugo",
}


@pytest.mark.parametrize(
    ("word", "pig"),
    [("apple", "appleway"), ("quiet", "ietquay"), ("Try", "Ytray"), ("yellow", "ellowyay"), ("USA", "USAWAY")],
)
def test_pig_word(word, pig):
    assert surface._pig_word(word, "way") == pig


def test_each_emoji_comes_once_a_sentence():
    assert surface._with_signs("The dog saw the puppy in the car.") == "The dog 🐶 saw the puppy in the car 🚗."


def test_backwards_keeps_marks_names_and_the_end():
    assert surface._backwards("The rain stopped, so Amira left!") == "Left Amira so, stopped rain the!"


def test_words_of_vowels_alone_leave_no_double_blanks():
    assert surface.no_vowels("I saw a eau de cologne.", random.Random(0)) == "sw d clgn."
