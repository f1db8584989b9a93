"""The written forms: one golden example a family, and the mechanisms that are easy to break."""

import random

import pytest

from prompt_recovery.data.rules.genre import breaking_news, dialogue, email, fairy_tale, poem, song

ORIGINAL = (
    "The baker opened a small shop on Mill Street in May. "
    "Her phone rang all day, and people queued around the corner. I bought the last loaf!"
)
EXPECTED = {
    "fairy_tale": (
        "In a faraway land of whispering trees, the humble baker opened a small shop on Mill Street in May. Such was "
        "the magic of those days. Her magic mirror rang all day, and people queued around the corner. I bought the "
        "last loaf! A little bird saw it all. And the tale is told there still."
    ),
    "breaking_news": (
        "NEWS ALERT: The baker opened a small shop on Mill Street in May, sources close to the matter report. In a "
        "stunning development, her phone rang all day, and people queued around the corner. I bought the last loaf! "
        "Stay tuned for live updates."
    ),
    "letter": (
        "Rose Cottage, 9 September\n\nDear old Ruth,\n\nAt last I find time to write. The baker opened a small shop "
        "on Mill Street in May. I wish you had been here: her phone rang all day, and people queued around the "
        "corner. I bought the last loaf! Give my love to everyone.\n\nYour old friend,\nHugo"
    ),
    "diary": (
        "Sunday, July 25\n\nMy dear Diary,\n\nThe baker opened a small shop on Mill Street in May. I would never say "
        "this aloud, only here. Her phone rang all day, and people queued around the corner. I bought the last loaf! "
        "Now to hide you again."
    ),
    "email": (
        "Subject: The baker opened a small shop\n\nHello Ruth,\n\nA short update from my side: The baker opened a "
        "small shop on Mill Street in May. Her phone rang all day, and people queued around the corner. I bought the "
        "last loaf!\n\nFeel free to forward this.\n\nKind regards,\nHugo"
    ),
    "poem": (
        "The baker opened a small shop\nOn Mill Street in May,\nAnd still the hours go drifting by;\nHer phone rang "
        "all day,\nAnd people queued around the corner,\nLike clouds across an autumn sky.\n\nI bought the last "
        "loaf!\nThe wind sings on, as winds will do;\nAnd all things old are turning new."
    ),
    "song": (
        "[Verse 1]\nThe baker opened a small shop\nOn Mill Street in May (hey, hey)\nHer phone rang all day,\nAnd "
        "people queued around the corner (hey, hey)\n\n[Chorus]\nBaby, the baker opened a small shop,\nOoh, ooh, clap "
        "your hands,\nBaby, the baker opened a small shop!\n\n[Verse 2]\nI bought the last loaf! (ooh, ooh)\n\n"
        "[Outro]\nNa na, na na na!"
    ),
    "screenplay": (
        "FADE IN:\n\nINT. SMALL APARTMENT - DAY\n\nThe camera finds RUTH at the window.\n\nNARRATOR (V.O.)\n(to "
        "camera)\nThe baker opened a small shop on Mill Street in May.\n\nRUTH\n(with a half smile)\nHer phone rang "
        "all day, and people queued around the corner.\n\nNARRATOR (V.O.)\n(beat)\nI bought the last loaf!\n\nCUT TO "
        "BLACK."
    ),
    "dialogue": (
        "Hugo: So, what's the story?\nRuth: The baker opened a small shop on Mill Street in May.\nHugo: Wait, in "
        "May?\nRuth: Her phone rang all day, and people queued around the corner.\nHugo: Hang on, the corner?\nRuth: "
        "I bought the last loaf!\nHugo: The last loaf. Now I see."
    ),
}


def test_tale_words_keep_articles_plurals_and_names():
    text = "Doctor Lee saw an office and two cities. A city bus passed Park Street."
    tale = fairy_tale(text, random.Random(1))
    assert "Wizard Lee saw a castle and two kingdoms." in tale
    assert "A kingdom royal coach passed Park Street." in tale


@pytest.mark.parametrize("form", [poem, song])
def test_verse_keeps_every_word_in_order(form):
    words = iter(form(ORIGINAL, random.Random(2)).lower().replace(",", " ").replace(".", " ").split())
    assert all(word in words for word in ORIGINAL.lower().replace(",", "").replace(".", "").split())


@pytest.mark.parametrize("seed", range(6))
def test_verse_lines_are_short_and_capitalised(seed):
    lines = [line for line in poem(ORIGINAL, random.Random(seed)).split("\n") if line]
    assert all(len(line.split()) <= 8 and line[0].isupper() for line in lines)


def test_news_quotes_sources_for_statements_only():
    report = breaking_news("Who left the gate open?", random.Random(3))
    assert "Who left the gate open? " in report


def test_subject_is_the_start_of_the_longest_clause():
    assert "Yesterday" not in email('Yesterday, we met at the "Red Lion" inn.', random.Random(4)).split("\n")[0]


def test_listener_echoes_from_the_other_side():
    turns = dialogue("They sold my house. We sat in your kitchen.", random.Random(5)).lower().split("\n")
    assert "your house" in turns[2]
    assert "in my kitchen" in turns[4]
