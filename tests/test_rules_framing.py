"""Leads, asides, qualifiers, openings and endings around sentences."""

import random

import pytest

from prompt_recovery.data.rules.framing import deck, enclosed, framed, led, with_asides, with_leads

SENTENCES = ["40 left."] * 4


def test_framed_puts_leads_and_asides_between_opening_and_ending():
    framing = {"openings": "Look:", "words": "cat=owl", "leads": "Then", "asides": "Oh!", "endings": "Bye."}
    text = framed(["The cat ran.", "It hid.", "We sat."], random.Random(0), **framing)
    assert text == "Look: the owl ran. Oh! Then it hid. We sat. Bye."


@pytest.mark.parametrize(("opening", "start"), [("Friends,", "Friends, the"), ("Oh dear.", "Oh dear. The")])
def test_an_opening_leads_if_it_ends_in_a_comma(opening, start):
    assert enclosed(["The bus left.", "Why?"], random.Random(0), [opening], ["Bye."]) == f"{start} bus left. Why? Bye."


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


@pytest.mark.parametrize("add", [with_leads, with_asides])
def test_every_step_th_sentence_from_the_start_gets_a_phrase(add):
    changed = [new != old for new, old in zip(add(SENTENCES, random.Random(1), ["A:"], 1, 2), SENTENCES, strict=True)]
    assert changed == [False, True, False, True]


def test_a_deck_deals_every_card_before_one_comes_again():
    cards = deck("ABCD", random.Random(1))
    rounds = [[next(cards) for _ in "ABCD"] for _ in range(2)]
    assert sorted(rounds[0]) == list("ABCD") != rounds[0]
    assert rounds[0] == rounds[1]


@pytest.mark.parametrize("add", [with_leads, with_asides])
def test_phrases_do_not_repeat_before_all_are_used(add):
    assert len(set(add(SENTENCES, random.Random(1), ["A:", "B:", "C:", "D:"], step=1))) == 4


def test_qualifiers_alternate_and_spare_what_is_not_plain():
    framing = {"openings": "Oh.", "endings": "Bye.", "qualifiers": "poor"}
    sentences = ["The first cat saw the dog and the May sun.", "The cow, the best cow, the pig."]
    expected = "Oh. The first cat saw the poor dog and the May sun. The cow, the best cow, the poor pig. Bye."
    assert framed(sentences, random.Random(0), **framing) == expected
