"""The prompts that need a language model: how many, how different, and that each is a sentence somebody could type."""

import re
import tomllib
from collections import Counter, defaultdict
from importlib import resources

import pytest

from prompt_recovery.config import Prompts
from prompt_recovery.data.prompts.own_prompts import own_prompts
from prompt_recovery.data.prompts.prompt_grammar import language_model_prompts, project_prompts

DATA = resources.files("prompt_recovery.data")
GRAMMAR = tomllib.loads((DATA / "prompts" / "prompt_frames.toml").read_text(encoding="utf-8"))
KINDS = {
    entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"))
    for entry in (DATA / "wordings" / "for_language_models").iterdir()
}
PROMPTS = language_model_prompts()
PHRASINGS = {(prompt.family, prompt.phrasing) for prompt in PROMPTS}
# By the sound: a one-line summary, a European, a unit, a user; an hour, an SQL query.
VOWEL_SOUND = re.compile(r"(?!one|eu|uni[^mn]|us[eu])[aeiou]|hour|hono|heir|SQL", re.IGNORECASE)


def letters(text):
    return "".join(filter(str.isalnum, text.casefold()))


def test_there_are_10000_prompts_of_150_families():
    assert len(PROMPTS) >= 10_000
    assert len({prompt.family for prompt in PROMPTS}) >= 150


def test_a_prompt_is_there_once_among_these_and_those_with_a_rule():
    texts = Counter(letters(prompt.text) for prompt in (*PROMPTS, *own_prompts()))
    assert [text for text, times in texts.items() if times > 1] == []


def test_a_data_config_chooses_those_with_a_rule_or_all():
    assert project_prompts(Prompts(kind="rules")) == own_prompts()
    assert project_prompts(Prompts(kind="all")) == own_prompts() + PROMPTS


def test_a_family_stands_in_one_file_and_has_no_rule():
    files = defaultdict(list)
    for kind, families in {**KINDS, "with a rule": dict.fromkeys(prompt.family for prompt in own_prompts())}.items():
        for family in families:
            files[family].append(kind)
    assert {family: own for family, own in files.items() if len(own) > 1} == {}


def test_a_phrasing_belongs_to_one_family():
    families = defaultdict(set)
    for prompt in (*PROMPTS, *own_prompts()):
        families[letters(prompt.phrasing)].add(prompt.family)
    assert {phrasing: own for phrasing, own in families.items() if len(own) > 1} == {}


def test_a_family_has_at_least_9_phrasings_so_that_some_can_be_held_out():
    assert {family: n for family, n in Counter(family for family, _ in PHRASINGS).items() if n < 9} == {}


def test_prompts_are_sentences_of_3_to_40_words():
    for prompt in PROMPTS:
        assert prompt.text[0].isupper() and prompt.text[-1] in ".?!", prompt
        assert 3 <= len(prompt.text.split()) <= 40, prompt


def test_no_slot_is_open_and_no_space_or_mark_too_many():
    odd = re.compile(r"[{}]|\s\s|\s[.,?!]|[.,?!]{2}|^\s|\s$")
    assert [prompt.text for prompt in PROMPTS if odd.search(prompt.text)] == []


def test_no_word_is_doubled():
    doubled = re.compile(r"\b(\w+) \1\b", re.IGNORECASE)
    assert [prompt.text for prompt in PROMPTS if doubled.search(prompt.text)] == []


def test_a_particle_stands_behind_the_pronoun():
    """One can tone down a text, but not "tone down it"."""
    phrasal = re.compile(r"\b(up|down|off|out) \{it\}")
    assert [phrasing for _, phrasing in PHRASINGS if phrasal.search(phrasing)] == []


@pytest.mark.parametrize(("article", "before_vowel"), [("a", False), ("an", True)])
def test_the_article_fits_the_sound_that_follows(article, before_vowel):
    following = {word for prompt in PROMPTS for word in re.findall(rf"\b{article} (\w+)", prompt.text, re.IGNORECASE)}
    assert [word for word in sorted(following) if bool(VOWEL_SOUND.match(word)) is not before_vowel] == []


def test_an_act_names_the_text_once_and_no_other_form_does():
    for families in KINDS.values():
        for family, forms in families.items():
            for form, phrasings in forms.items():
                times = {phrasing.count("{it}") for phrasing in phrasings}
                assert times == {1 if form == "act" else 0}, (family, form)


def test_every_kind_has_its_additions_and_some_prompts_carry_one():
    assert KINDS.keys() == GRAMMAR["additions"].keys()
    additions = {f", {addition}" for own in GRAMMAR["additions"].values() for addition in own}
    carrying = sum(prompt.text.rstrip(".?").endswith(tuple(additions)) for prompt in PROMPTS)
    assert 0.05 < carrying / len(PROMPTS) < 0.15


def test_the_usual_frame_and_phrasing_weigh_most_by_zipfs_law():
    weights = [prompt.weight for prompt in PROMPTS if prompt.family == "haiku"]
    assert weights[0] == max(weights) == 1
    assert weights[:3] == [1, 1 / 2, 1 / 3]  # one phrasing in its first three frames
    second = KINDS["genres"]["haiku"]["result"][1]
    assert max(prompt.weight for prompt in PROMPTS if prompt.phrasing == second) == 1 / 2


def test_the_usual_things_are_named_most_often():
    times = [
        sum(f" {thing}" in prompt.text for prompt in PROMPTS) for thing in ("this text", "this essay", "the article")
    ]
    assert times[0] > 3 * times[1] > 3 * times[2] > 0


def test_every_call_gives_the_same_prompts():
    assert language_model_prompts() == PROMPTS
