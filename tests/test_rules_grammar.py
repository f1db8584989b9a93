"""The grammar rules: one golden example a family, and the harder points of tense and person."""

import random

import pytest

from prompt_recovery.data.rules.grammar import expand, shorten
from prompt_recovery.data.rules.inflection import in_future, in_past, question, recast

ORIGINAL = (
    "I visit the harbour every morning. The fishermen know me, and one of them saves me a mackerel. "
    "My cat isn't patient, so I hurry home."
)
EXPECTED = {
    "past_tense": (
        "I visited the harbour every morning. The fishermen knew me, and one of them saved me a mackerel. My cat "
        "wasn't patient, so I hurried home."
    ),
    "future_tense": (
        "I will visit the harbour every morning. The fishermen will know me, and one of them will save me a "
        "mackerel. My cat won't be patient, so I will hurry home."
    ),
    "first_person_plural": (
        "We visit the harbour every morning. The fishermen know us, and one of them saves us a mackerel. Our cat "
        "isn't patient, so we hurry home."
    ),
    "third_person": (
        "The author visits the harbour every morning. The fishermen know him, and one of them saves him a "
        "mackerel. His cat isn't patient, so he hurries home."
    ),
    "second_person": (
        "You visit the harbour every morning. The fishermen know you, and one of them saves you a mackerel. Your "
        "cat isn't patient, so you hurry home."
    ),
    "all_questions": (
        "Do I visit the harbour every morning? The fishermen know me, and one of them saves me a mackerel, right?"
        " Who would have thought that my cat isn't patient, so I hurry home?"
    ),
    "shorten": "In brief: I visit the harbour every morning. The fishermen know me.",
    "expand": (
        "I visit the harbour each and every morning. To go into further detail, one might describe the harbour at"
        " length, from every side and in every light. The fishermen know me, and one of them saves me a mackerel."
        " Anyone who pauses to consider the fishermen will soon find that there is more to it than first meets "
        "the eye. My cat isn't patient, so I hurry home. This alone, with the cat at the centre of it, would be "
        "enough to fill several pages."
    ),
    "headline": "Mackerel and Cat in the Spotlight: I Visit Harbour Every Morning",
    "keywords": "Main keywords: visit, harbour, fishermen, know, saves, mackerel, cat, patient, hurry",
}


@pytest.mark.parametrize(
    ("present", "past"),
    [
        ("She can't see it and doesn't mind.", "She couldn't see it and didn't mind."),
        ("I'm back in May.", "I was back in May."),
        ("The old plans are in the drawer that he locks.", "The old plans were in the drawer that he locked."),
        ("Please stir the soup and let it cool.", "You stirred the soup and let it cool."),
        ("He has gone to buy bread.", "He had gone to buy bread."),
    ],
)
def test_past(present, past):
    assert in_past(present) == past


@pytest.mark.parametrize(
    ("now", "later"),
    [
        ("When the rain stopped, we went out and sang.", "When the rain stops, we will go out and sing."),
        ("Was it cold?", "Will it be cold?"),
        ("They could not find the key yesterday.", "They will not be able to find the key tomorrow."),
        ("She never forgets a name.", "She will never forget a name."),
        ("If the pan is dry, add water.", "If the pan is dry, you will add water."),
    ],
)
def test_future(now, later):
    assert in_future(now) == later


def test_pronouns_follow_their_case_and_names_keep_their_capitals():
    roles = {"i": "she", "we": "they", "you": "they"}
    assert recast("Ada told me that I am late, but I thank you.", roles) == (
        "Ada told her that she is late, but she thanks them."
    )
    assert recast("Her boss likes her.", {"she": "you"}) == "Your boss likes you."
    assert recast("You know what we gave you.", {"you": "we"}) == "We know what we gave us."


def test_questions_are_turned_round_only_where_that_is_safe():
    assert question("She bakes bread.") == "Does she bake bread?"
    assert question("The shop is open.") == "Is the shop open?"
    assert question("She bakes bread and he sells it.") == ""


@pytest.mark.parametrize("seed", range(5))
def test_shorten_shortens_and_expand_lengthens(seed):
    assert len(shorten(ORIGINAL, random.Random(seed))) < 0.6 * len(ORIGINAL)
    assert len(expand(ORIGINAL, random.Random(seed))) > 2 * len(ORIGINAL)
