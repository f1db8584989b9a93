import random
import re
import time
from typing import get_args

import pandas as pd
import pytest
from conftest import PROJECT

from prompt_recovery.config import Cleaning, Reason
from prompt_recovery.data.cleaning.filters import FILTERS, Cleaned, clean
from prompt_recovery.data.cleaning.language import detect_language
from prompt_recovery.data.rewriters.rewriting import own_rules

ORIGINAL = "The ferry leaves at nine. Bring a coat, for the wind on deck is cold even in July."
REWRITE = "At nine o'clock our ferry sails. Pack something warm, since a July breeze bites out there."
PROMPT = "Rewrite this text politely."
REAL_TRIPLES = PROJECT.parent / "shared" / "data" / "real_triples.parquet"


def reason(rewritten: str, original: str = ORIGINAL, prompt: str = PROMPT, **settings) -> str | None:
    return clean(original, prompt, rewritten, Cleaning(**settings)).reason


@pytest.mark.parametrize(
    ("original", "prompt", "rewritten", "expected"),
    [
        (ORIGINAL, PROMPT, f" {ORIGINAL}\n", "unchanged"),
        (ORIGINAL, "Fix the grammar.", ORIGINAL, "unchanged"),
        (ORIGINAL, PROMPT, ORIGINAL.replace(" ", "  "), "unchanged"),
        (ORIGINAL, PROMPT, ORIGINAL.lower(), "unchanged"),
        (ORIGINAL, "Write it all in lower case.", ORIGINAL.lower(), None),
        (ORIGINAL, "Write the text as if you were shouting.", ORIGINAL.upper(), None),
        ("i met anna.", "Correct the mistakes.", "I met Anna.", None),
        (ORIGINAL, "Put every sentence on a line of its own.", ORIGINAL.replace(". ", ".\n"), None),
        (ORIGINAL, "Put every sentence on a line of its own.", ORIGINAL.lower(), "unchanged"),
    ],
)
def test_unchanged_up_to_what_the_prompt_asks_for(original, prompt, rewritten, expected):
    assert reason(rewritten, original, prompt) == expected


@pytest.mark.parametrize(
    "text",
    [
        "At nine our ferry sails. Pack something warm, since the breeze", "At nine our ferry sails over the",
        "At nine o'clock our own ferry sails,", "At nine our ferry sails with a coat and",
        "**Plan**\n\n* Pack a coat.\n* Board at nine.\n*", "1. Pack a coat.\n2. Board at nine.\n3.",
        '{"leaves": "nine", "bring": "a coat', '[{"leaves": "nine"}, {"bring":', "```\nferry = 9\ncoat = True",
        "Our ferry sails at nine, my friends, and it will be cold out there.\n\nSo pack something and come along to",
        "Our ferry sails at nine, my friends, and it will be cold out there.\n\n**Things to",
        'Our ferry sails at nine. The captain whispered in my ear, "Bring a',
        "Our ferry sails at nine (bring a warm coat",
        "Our ferry sails at nine, my friends, and it will be cold out there.\n\nThe captain, once a cheerful man, now",
    ],
)  # fmt: skip
def test_a_text_cut_off_is_truncated(text):
    assert reason(text) == "truncated"


@pytest.mark.parametrize(
    "text",
    [
        REWRITE, "Ferry at nine, coat needed", "The ferry leaves at nine. Bring a coat! #ferry #travel",
        "Dear passenger,\n\nour ferry leaves at nine, so bring a coat and be on time.\n\nBest regards,\nEmily Smith",
        "* Ferry at nine\n* A coat is what you ask for", "- The ferry leaves at nine.\n- Coat", "Bring a coat :(",
        "Nine bells, a ferry\nA coat against July wind\nThe deck sings of cold", '{"leaves": "nine"}',
        "[Verse 1]\nThe ferry leaves at nine, oh yes\n[Chorus]\nBring a coat, bring a coat, the wind is all around",
        "Bring a coat 🧥🚢", "Signature: ______", "The ferry leaves at nine (bring a coat)",
        "f**k the cold, bring a coat.", "**B**ring a coat",
        "ehtay erryfay eaveslay atyay inenay", "TH3 F3RRY L34V35 4T N1N3", "july in even cold is deck on wind the for",
    ],
)  # fmt: skip
def test_a_whole_text_is_not_truncated_though_it_ends_without_a_full_stop(text):
    assert reason(text, keep=["length_ratio"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "* The ferry leaves at nine\n* It is cold. Bring a coat, for the wind on deck is cold even in July",
        "* The ferry leaves at nine (early\n* The wind on deck is cold even in July",
    ],
)
def test_a_rewrite_with_the_last_words_of_the_original_is_whole(text):
    assert reason(text) is None


def test_a_text_in_reverse_order_may_end_anywhere():
    text = "July in even cold is deck on wind the for coat) a bring (nine at leaves ferry the"
    assert reason(text) == "truncated"
    assert reason(text, prompt="Write it backwards, word by word.") is None
    assert reason(text, prompt="Reverse the order of the words.") is None
    assert reason(text, prompt="Move it to a world where everything is reversed.") == "truncated"


@pytest.mark.parametrize("text", ["So on deck the wind is cold even in July,", '{"wind": "cold even in July'])
def test_the_last_words_of_the_original_do_not_make_up_for_a_comma_or_an_open_brace(text):
    assert reason(text) == "truncated"


def test_a_rewrite_may_stop_where_the_original_stops():
    assert reason("At nine our ferry sails over the", "The ferry leaves at nine over the") is None


@pytest.mark.parametrize(
    ("prompt", "rewritten", "expected"),
    [
        ("Turn it into an etiquette guide for a gala.", "Etiquette Guide for a Gala: wear a coat.", None),
        ("Turn it into an etiquette guide for a fancy summer gala.",
         "**Etiquette guide for a fancy summer gala:** wear a coat.", None),
        ("Turn it into an etiquette guide for a fancy summer gala.",
         "The text, turned into an etiquette guide for a fancy summer gala: wear a coat.", "prompt_leak"),
        ("Enrich the diary of a captain who is afraid of water.",
         "Enrich the diary of a captain who is afraid of water: Bring a coat.", "prompt_leak"),
        ("Enrich the diary of a captain who is afraid of water.",
         "The diary of a captain who is afraid of water: Bring a coat.", None),
        ("Correct the tense of every verb in this.", "Bring a coat. Correcting the tense of every verb in this.",
         "prompt_leak"),
        ("Correct the spelling and the grammar of this.",
         "Bring a coat, correcting the spelling and the grammar of this.", "prompt_leak"),
        ('Add "once upon a time in a far away port" to it.', "Once upon a time in a far away port, a coat.", None),
        ("Say that the wind on deck is cold even in July.", "Mind: the wind on deck is cold even in July!", None),
    ],
)  # fmt: skip
def test_a_run_of_seven_words_of_the_prompt_is_a_leak_unless_it_is_a_title_or_a_topic(prompt, rewritten, expected):
    assert reason(rewritten, prompt=prompt) == expected


GERMAN = "Die Fähre fährt um neun Uhr ab. Nehmt einen Mantel mit, denn der Wind ist auch im Juli kalt."
FRENCH = "Le bateau part à neuf heures. Prenez un manteau, car le vent est froid même en juillet."
GREEK = "Το πλοίο φεύγει στις εννέα. Πάρτε ένα παλτό, γιατί ο άνεμος είναι κρύος ακόμα και τον Ιούλιο."  # noqa: RUF001


@pytest.mark.parametrize("text", [GERMAN, FRENCH, GREEK])
def test_another_language_is_wrong_unless_the_prompt_asks_for_it(text):
    assert reason(text) == "wrong_language"
    assert reason(REWRITE, original=text) == "wrong_language"
    assert reason(text, prompt="Translate it.") is None
    assert reason(text, prompt="Say it like a Greek, German or French captain.") is None
    assert reason(text, prompt="Rewrite the text in another language.") is None
    assert reason(text, original=text + " x") is None


def test_a_prompt_in_the_language_of_the_rewrite_asks_for_it():
    assert reason(GERMAN, prompt="Bitte schreibe diesen Text noch einmal und etwas höflicher als vorher.") is None


def test_a_text_without_its_vowels_is_in_no_other_language():
    text = "Frnkly, y'v nt bn mch hlp t ll. f nythng, y'v dlyd my trp. Th wmn blw rspndd, y mst b n Mngmnt."
    assert reason(text, keep=["truncated"]) == "wrong_language"
    assert reason(text, prompt="Leave out every vowel.") is None


def test_text_without_a_language_has_none():
    assert detect_language("") is None
    assert detect_language("🧥🚢 9 9 9") is None
    assert detect_language("7h3 f3rry l34v35 47 n1n3, br1ng 4 c047 f0r 7h3 w1nd 0n d3ck 15 c0ld 3v3n 1n july") is None


def test_harmless_characters_are_mended_and_the_joiner_of_emoji_stays():
    text = "At nine\r\nour ferry\u200b sails\u2028to sea.\ufeff 👩\u200d🚀"
    assert clean(ORIGINAL, PROMPT, text, Cleaning()) == Cleaned(
        "At nine\nour ferry sails\nto sea. 👩\u200d🚀", None, ("invisible_character",)
    )


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x90", "\ud800", "\ufffd"])
def test_other_control_characters_drop_the_row(character):
    assert reason(f"{REWRITE}{character}") == "control_character"


def test_length_has_bounds():
    assert reason("  ") == "empty"
    assert reason("word " * 501, original="word " * 400) == "too_long"
    assert reason("word " * 160, original="one two three") is None
    assert reason("word " * 161, original="one two three") == "length_ratio"
    assert reason("Cold.", original=ORIGINAL * 10) == "length_ratio"
    assert reason("_".join(ORIGINAL.split() * 10), original=ORIGINAL * 10) is None


def test_every_reason_but_the_broken_ones_can_be_kept():
    assert set(get_args(Reason)) == set(FILTERS) - {"empty", "control_character", "opening"}
    faults = {
        "unchanged": ORIGINAL,
        "wrong_language": GERMAN,
        "refusal": "I cannot fulfill this request.",
        "truncated": "At nine our ferry sails over the",
        "too_long": "x " * 501,
    }
    for name, text in faults.items():
        assert reason(text) == name
        assert reason(text, keep=[name, "length_ratio"]) is None


def test_no_rule_of_our_own_is_mistaken_for_a_fault():
    for family, rule in own_rules().items():
        assert reason(rule(ORIGINAL, random.Random(0)), prompt=f"Rewrite it ({family}).", keep=["unchanged"]) is None, (
            family
        )


@pytest.mark.skipif(not REAL_TRIPLES.exists(), reason="the shared triples are not there")
def test_real_rewrites_are_mended_and_few_are_dropped():
    triples = pd.read_parquet(REAL_TRIPLES).sample(800, random_state=0)
    columns = (triples[name].astype(str) for name in ("original_text", "rewrite_prompt", "rewritten_text"))
    cleaned = [clean(*texts, Cleaning()) for texts in zip(*columns, strict=True)]
    assert 0.02 < sum(one.reason is not None for one in cleaned) / len(cleaned) < 0.12
    assert not any(re.match(r"Sure,? here(?:'s| is)", one.rewritten_text) for one in cleaned)


def test_a_word_without_end_takes_no_time():
    started = time.process_time()
    assert reason(rewritten="x" * 100_000) is None
    assert time.process_time() - started < 2
