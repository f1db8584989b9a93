import random
import re
from typing import get_args

import pandas as pd
import pytest
from conftest import PROJECT

from prompt_recovery.config import Cleaning, Reason
from prompt_recovery.data.cleaning.filters import FILTERS, Cleaned, clean
from prompt_recovery.data.cleaning.language import detect_language
from prompt_recovery.data.rewriting import own_rules

ORIGINAL = "The ferry leaves at nine. Bring a coat, for the wind on deck is cold even in July."
REWRITE = "At nine o'clock our ferry sails. Pack something warm, since a July breeze bites out there."
PROMPT = "Rewrite this text politely."
REAL_TRIPLES = PROJECT.parent / "shared" / "data" / "real_triples.parquet"


def reason(rewritten: str, original: str = ORIGINAL, prompt: str = PROMPT, **settings) -> str | None:
    return clean(original, prompt, rewritten, Cleaning(**settings)).reason


OPENINGS = """\
Sure, here is the rewritten text:
Sure! Here's a politer version:
Sure thing! Here you go:
Sure - here is the text in a polite tone:
Certainly! Here is the revised text:
Certainly. Below is a more courteous rewrite of your message:
Certainly!
Of course! Here's the letter you asked for:
Absolutely! Here's my take on the passage, rewritten politely:
Okay, here's the dialogue:
OK, here is your haiku:
Alright, here's the pirate version:
All right, here are the tweets:
Got it! Here's the edited paragraph:
Understood. Here is the paraphrased text:
No problem! Here's a shorter version:
Great! Here is the polished email:
Gladly! Here is the adapted story:
Here is the rewritten text:
Here\u2019s the rewritten text:
Here's a rewritten version of the text that is more polite:
Here is a possible rewrite:
Here are the rewritten sentences:
Here's your revised paragraph:
Here you go:
Below is the text rewritten as a polite note:
Below you'll find the edited version:
The following is a polite version of the text:
I've rewritten the text to be more polite:
I have revised the passage as follows:
I have made some adjustments to the text:
**Rewritten text:**
**Rewritten Text:**
## Revised version:
Rewritten version:
**Revised paragraph in a polite tone:**
**Sure, here is the rewritten text:**
*Here is the polite version:*
Sure! I'd be happy to help you with that.
As requested, here is the text rewritten politely:
Certainly, I can help with that! Here's a more polite version:
""".splitlines()


@pytest.mark.parametrize("opening", OPENINGS)
def test_an_opening_is_stripped(opening):
    assert clean(ORIGINAL, PROMPT, f"{opening}\n\n{REWRITE}", Cleaning()) == Cleaned(REWRITE, None, ("opening",))


@pytest.mark.parametrize(
    "opening",
    [
        "Sure, here's a simpler version: ", "Here is the revised text: ", "Revised text: ", "**Rewritten version:** ",
        "The corrected sentence is: ", "Sure! Here is the rewritten text:\n\n**Rewritten text:**\n\n",
        "Sure, here is the rewritten text:\n\n---\n\n", "Certainly! Here is the text, rewritten in a kinder tone.\n\n",
    ],
)  # fmt: skip
def test_an_opening_on_the_line_of_the_text_or_before_another_is_stripped(opening):
    assert clean(ORIGINAL, PROMPT, opening + REWRITE, Cleaning()).rewritten_text == REWRITE


LOOKALIKES = r"""
"Sure, I'll come on Friday," said Anna. "Here is my hand on it."
Sure, the soup was cold, but here is the thing: the company was warm.
Sure, here's the thing: I never liked the sea.
Sure as the tide, the ferry leaves at nine.
Certainly the wind is cold on deck: take a coat.
Certainly not! Here is where I draw the line: no coat, no ferry.
Of course the ferry leaves at nine: it always did.
Here's the deal:\n\n* The ferry leaves at nine.\n* It is cold.
Here is what you need: a coat and a ticket.
Here are three things to bring:\n\n1. A coat\n2. A ticket\n3. Patience
Here's to the captain: may his coat be warm!
Here lies the ferry: it never left.
Here comes the ferry, and here comes the wind.
Okay team, listen: the ferry leaves at nine.
Okay, so the ferry leaves at nine. Bring a coat.
Alright, folks, here we go again with the wind.
Great news! The ferry now leaves at nine.
Got it? Nine o'clock, and bring a coat.
Absolutely freezing on deck: bring a coat.
No problem is too small for our ferry.
**Checklist:**\n\n* Ferry at nine\n* Coat
**Notice:** The ferry leaves at nine.
Captain: The ferry leaves at nine.\nMate: Sure! I'd better fetch a coat.
I have a coat, and here is my ticket: let us board.
I've rewritten my will twice on this ferry, and I may do it again.
I have to tell you one thing: the deck is cold.
Revised timetable: the ferry leaves at nine.
The edited film shows the ferry leaving at nine.
The revised plan of the port is as follows, and it is short: leave at nine.
Translated from the sailor's tongue: bring a coat.
Below is the sea, above is the sky: the ferry leaves at nine.
This is the captain speaking: the ferry leaves at nine.
Dear passengers,\n\nplease find attached the timetable: the ferry leaves at nine.
Rewritten in the stars was this: the ferry leaves at nine.
Sure! I love ferries. This one leaves at nine.
My version of events: the ferry left at nine, and I was cold.
The text of the sign: bring a coat.
Happy to help, the mate fetched my coat.
Definitely bring a coat; the ferry leaves at nine.
As an aid to memory: nine, ferry, coat.
""".strip().splitlines()


@pytest.mark.parametrize("text", [line.replace("\\n", "\n") for line in LOOKALIKES])
def test_a_text_that_only_begins_like_an_opening_stays_whole(text):
    assert clean(ORIGINAL, PROMPT, text, Cleaning()) == Cleaned(text, None)


def test_openings_may_drop_the_row_or_stay():
    text = f"Sure, here is the rewritten text:\n\n{REWRITE}"
    assert clean(ORIGINAL, PROMPT, text, Cleaning(openings="drop")) == Cleaned(text, "opening")
    assert clean(ORIGINAL, PROMPT, text, Cleaning(openings="keep")) == Cleaned(text, None)
    assert reason("Sure, here is the rewritten text:") == "empty"


def test_an_opening_that_the_original_has_too_is_part_of_the_text():
    original = f"Sure, here is the revised list:\n\n{ORIGINAL}"
    assert clean(original, PROMPT, f"Certainly, here is the revised list:\n\n{REWRITE}", Cleaning()).changed_by == ()


REFUSALS = """\
I am unable to rewrite this text.
I'm unable to provide a rewritten version of the text.
I cannot fulfill this request.
I can't assist with that request.
I can\u2019t help with that.
I'm sorry, but I can't fulfill that request.
I'm sorry, but I cannot generate content that promotes violence.
I apologize, but I cannot create explicit material.
Unfortunately, I am not able to translate the text.
I will not rewrite this passage, as it contains harmful language.
I won't write that content.
As a language model, I cannot have opinions on ferries.
As an AI language model, I do not have feelings about ferries.
As a large language model, I am not able to travel.
As an AI, I don't have access to your coat.
As an artificial intelligence, I cannot board a ferry.
As an AI assistant, my task is to help.
I am just a language model and I can't help you with that.
I'm an AI assistant, so I have no coat.
I'm sorry, but it seems the text you provided is incomplete.
I am sorry, but the text is not clear enough to rewrite.
I'm sorry, but there seems to be an error in your request.
Apologies for the confusion, but it seems that you have not provided a text.
Could you please provide more context so that I can rewrite it for you?
Please provide the text so I can help you rewrite it.
Please share the passage you would like me to rewrite.
Can you please clarify which part you want me to rewrite? Please provide the text you'd like me to use.
The text does not contain any information about a ferry, therefore I cannot rewrite it.
The provided context does not mention a ferry, so I am unable to answer.
The passage does not specify a tone. I cannot complete the task.
No text was provided, so there is nothing to rewrite.
There isn't any text given? No text has been provided.
I cannot directly provide the translation.
I'm not able to engage with this content.
I'm having trouble understanding your request. Please provide more details so that I can assist you better.
I am sorry, I can't produce that content. If you have another request, feel free to ask.
I am not able to rewrite the passage in a way that respects your instructions.
I could not process the text.
**I'm sorry, but I can't assist with that request.**
Sure! However, I cannot rewrite this text because it is copyrighted.
""".splitlines()


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_dropped(text):
    assert reason(text) == "refusal"


INNOCENT = """\
I am unable to attend the party on Friday.
I'm sorry, but I can't come to the meeting.
I cannot recommend this ferry enough.
I can't wait to read your new story!
Unfortunately, the ferry cannot leave before nine.
I apologize for the delay of the ferry.
We are sorry to say that the deck is cold.
I won't write to him again.
I could not understand a word of the captain's speech.
As an engineer, I cannot accept this deck.
As an AI enthusiast, I find this ferry perplexing.
The AI revolution has reached the ferry.
Please provide your name and address.
Could you please provide a coat?
Please share this story with a friend.
The letter does not mention the ferry.
The sign does not say when the ferry leaves, and nobody knows.
I'm having trouble with my coat.
I can help you with the coat.
I will not board, I cannot swim, and I do not have a coat.
"I'm sorry," said Anna, "but the text of the sign is gone."
Sorry, I can't help it: ferries make me laugh.
I can't provide for two families on one wage.
My doctor says I am not able to travel.
You sent me a coat that is too small.
""".splitlines()


@pytest.mark.parametrize("text", INNOCENT)
def test_an_excuse_within_the_story_is_no_refusal(text):
    assert reason(text) is None


def test_a_rewrite_of_a_refusal_is_none():
    assert reason("Sorry, I can't assist with that request.", "I am unable to assist you with this matter.") is None


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


def test_a_rewrite_may_stop_where_the_original_stops():
    assert reason("At nine our ferry sails over the", "The ferry leaves at nine over the") is None


@pytest.mark.parametrize(
    ("prompt", "rewritten", "expected"),
    [
        ("Turn it into an etiquette guide for a gala.", "Etiquette Guide for a Gala: wear a coat.", None),
        ("Turn it into an etiquette guide for a fancy summer gala.",
         "**Etiquette guide for a fancy summer gala:** wear a coat.", "prompt_leak"),
        ("Correct the spelling and the grammar of this.",
         "Bring a coat, correcting the spelling and the grammar of this.", "prompt_leak"),
        ('Add "once upon a time in a far away port" to it.', "Once upon a time in a far away port, a coat.", None),
        ("Say that the wind on deck is cold even in July.", "Mind: the wind on deck is cold even in July!", None),
    ],
)  # fmt: skip
def test_a_run_of_seven_words_of_the_prompt_is_a_leak(prompt, rewritten, expected):
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


def test_every_reason_but_the_broken_ones_can_be_kept():
    assert set(get_args(Reason)) == set(FILTERS) - {"empty", "control_character", "opening"}
    for text in (ORIGINAL, GERMAN, "I cannot fulfill this request.", "At nine our ferry sails over the", "x " * 501):
        assert reason(text) is not None
        assert reason(text, keep=[reason(text), "length_ratio"]) is None


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
