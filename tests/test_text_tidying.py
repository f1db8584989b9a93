import textwrap

import pytest

from prompt_recovery.data.texts.text_tidying import (
    cut_at_sentence_end,
    letters,
    merged_paragraphs,
    original_or_reason,
    tidied,
)

WINTER = (
    "It was a long and quiet winter in the valley, and nobody who lived there would have called it kind, for the snow "
    "lay on the roofs until the middle of April and the post came only when old Mabel Grey was in the mood for a walk."
)
LETTER = "Dear Mabel,\ncome home.\nThe kettle is on."


def test_white_space_is_tidied_and_paragraphs_stay():
    assert tidied("\ufeff One \t two\u00a0three \r\n \n\n\n four\n") == "One two three\n\nfour"


@pytest.mark.parametrize("width", [60, 72, 100])
def test_lines_that_a_margin_broke_are_joined_and_others_stay(width):
    assert tidied(textwrap.fill(WINTER, width) + "\n\n" + LETTER) == WINTER + "\n\n" + LETTER
    assert tidied(WINTER + "\n" + WINTER) == WINTER + "\n" + WINTER
    assert tidied("- one\n- two\n- six") == "- one\n- two\n- six"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("One two three.", "One two three."),
        ("One two. Three four. Five six.", "One two. Three four."),
        ("One two.\n\nThree four!” Five six.", "One two.\n\nThree four!”"),
        ("We went on. Then Dr. Mabel Grey spoke.", "We went on."),
        ("We went on. (Galt's Gulch.Mrs. Hastings spoke.", "We went on."),
        ("He was J. R. Smith of Cork, we heard.", ""),
        ("He said so. 12. Stir the soup well.", "He said so."),
        ("It was in 1999. They left at nine.", "It was in 1999."),
        ("Oh no... we said. Nobody came at all.", "Oh no... we said."),
        ("oh no... we said. nobody came at all.", "oh no... we said."),
    ],
)
def test_a_long_text_is_cut_after_its_last_whole_sentence(text, cut):
    assert cut_at_sentence_end(text, 5) == cut


def test_paragraphs_are_merged_and_a_long_one_stays_alone():
    text = "a b\n\nc d\n\ne f g h i j\n\nk\n\nl m"
    assert merged_paragraphs(text, 4) == ["a b\n\nc d", "e f g h i j", "k\n\nl m"]


def test_letters_are_what_copies_share():
    assert letters("“Straße 5”, he SAID!") == letters("strasse 5 - he said") == "strasse5hesaid"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "empty"),
        (" \n", "empty"),
        ("a \x07 b c d", "control_character"),
        ("a \x94 b c d", "control_character"),
        ("a \ufffd b c d", "control_character"),
        ("tab\tand\x0cform feed", None),
        ("two words - !", "too_short"),
        ("word " * 13, "no_sentence_fits"),
        ("Yes. " + "word " * 13, "no_sentence_fits"),
        ("Yes. " + "Word " * 13, "too_short"),
        ("three words here", None),
    ],
)
def test_reasons_to_drop(text, reason):
    assert original_or_reason(text, 12)[1] == reason
