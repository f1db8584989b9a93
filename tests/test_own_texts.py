"""The project's own passages, prompts and rules: how many, how distinct, and that every rule does something."""

import random
from collections import Counter, defaultdict

import pytest
import test_rules_genre
import test_rules_grammar
import test_rules_layout
import test_rules_persona
import test_rules_surface
import test_rules_tone
import test_rules_voice

from prompt_recovery.config import Originals
from prompt_recovery.data.prompts.own_prompts import own_prompts
from prompt_recovery.data.rewriters.rewriting import own_rules, rewriter_by_chat, rewriter_by_rules
from prompt_recovery.data.texts.own_originals import own_originals, own_passages
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

PROMPTS = own_prompts()
RULES = own_rules()
PASSAGES = own_passages()
SETTINGS = Originals(count=3_000, max_words=45)
ORIGINALS = own_originals(SETTINGS, seed=0)
KINDS = {"email", "review", "news", "recipe", "story", "speech", "instructions", "encyclopaedia", "letter", "diary"}
ODD_TEXTS = [
    "Hello",
    "1. 2. 3.",
    'He said "go". And then? (Yes!)',
    "no full stop",
    "A. B. C.",
    "tabs\tand\nlines",
    "hello",
    "HELLO THERE. BIG WORLD.",
    "The cat sat on the mat",
    "Zorblax glimmed the frood",
]
EXAMPLES = [
    (family, module.ORIGINAL, rewritten)
    for module in (
        test_rules_genre,
        test_rules_grammar,
        test_rules_layout,
        test_rules_persona,
        test_rules_surface,
        test_rules_tone,
        test_rules_voice,
    )
    for family, rewritten in module.EXPECTED.items()
]


def test_there_are_150_passages_in_ten_kinds_of_30_to_120_words():
    assert Counter(passage.kind for passage in PASSAGES).keys() == KINDS
    assert len(PASSAGES) >= 150
    assert all(30 <= len(" ".join(passage.sentences).split()) <= 120 for passage in PASSAGES)


def test_there_are_3000_distinct_originals_without_open_slots():
    texts = [original.text for original in ORIGINALS]
    assert len(set(texts)) == 3_000
    assert not any("{" in text or "}" in text for text in texts)
    assert max(len(text.split()) for text in texts) <= 45
    assert {original.source for original in ORIGINALS} == KINDS


def test_originals_depend_on_the_seed_alone():
    assert own_originals(SETTINGS, seed=0) == ORIGINALS
    assert own_originals(SETTINGS, seed=1) != ORIGINALS


@pytest.mark.slow
def test_more_originals_than_there_can_be_are_refused():
    with pytest.raises(InputError, match=r"15000 originals wanted .* the passages gave only \d+ distinct"):
        own_originals(Originals(count=15_000, max_words=12), seed=0)


def test_there_are_40_families_with_20_wordings_each():
    wordings = Counter(prompt.family for prompt in PROMPTS)
    assert len(wordings) >= 40
    assert min(wordings.values()) >= 20


def test_the_first_wording_of_a_family_is_its_usual_one_by_zipfs_law():
    weights = {prompt.text: prompt.weight for prompt in PROMPTS if prompt.family == "pirate"}
    by_weight = sorted(weights.values(), reverse=True)
    assert next(iter(weights.values())) == by_weight[0] == 1
    assert by_weight[1:3] == [1 / 2, 1 / 2]  # the first wording in the second frame, the second in the first
    assert 0 < by_weight[-1] < 0.1


def test_every_family_has_a_rule_and_every_rule_a_family():
    assert {prompt.family for prompt in PROMPTS} == RULES.keys()


def test_no_prompt_is_there_twice():
    texts = Counter("".join(filter(str.isalnum, prompt.text.casefold())) for prompt in PROMPTS)
    assert [text for text, times in texts.items() if times > 1] == []


def test_prompts_are_sentences_of_3_to_40_words():
    for prompt in PROMPTS:
        assert prompt.text[0].isupper() and prompt.text[-1] in ".?!", prompt
        assert 2 <= len(prompt.text.split()) <= 40, prompt


def test_families_have_enough_phrasings_to_hold_some_out():
    phrasings = defaultdict(set)
    for prompt in PROMPTS:
        phrasings[prompt.family].add(prompt.phrasing)
    assert min(map(len, phrasings.values())) >= 9


def test_every_rule_has_one_example():
    assert sorted(family for family, _, _ in EXAMPLES) == sorted(RULES)


@pytest.mark.parametrize(("family", "original", "rewritten"), EXAMPLES, ids=[family for family, _, _ in EXAMPLES])
def test_a_rule_gives_its_example(family, original, rewritten):
    assert RULES[family](original, random.Random(0)) == rewritten


@pytest.mark.parametrize("family", sorted(RULES))
def test_a_rule_changes_every_passage(family):
    for number, original in enumerate(ORIGINALS[: len(PASSAGES)]):
        rewritten = RULES[family](original.text, random.Random(number))
        assert rewritten.strip() and rewritten != original.text


@pytest.mark.parametrize("family", sorted(RULES))
def test_a_rewrite_depends_on_text_and_seed_alone(family):
    first, again = ([RULES[family](o.text, random.Random(n)) for n, o in enumerate(ORIGINALS[:20])] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("family", sorted(RULES))
def test_a_rule_changes_odd_texts_too(family):
    for text in ODD_TEXTS:
        for seed in range(5):
            rewritten = RULES[family](text, random.Random(seed))
            assert rewritten.strip() and rewritten != text


@pytest.mark.parametrize("family", sorted(RULES))
def test_a_rule_survives_texts_without_letters_to_change(family):
    for text in ("🙂 ok", "  "):
        for seed in range(5):
            assert isinstance(RULES[family](text, random.Random(seed)), str)


def test_the_rewriter_applies_the_rule_of_each_prompt_whatever_stands_around_it():
    tasks = [(original, prompt) for original, prompt in zip(ORIGINALS[:50], PROMPTS[::50], strict=False)]
    rewrite = rewriter_by_rules(seed=0)
    texts = list(rewrite(tasks))
    assert list(rewrite(tasks[::-1]))[::-1] == texts
    assert list(rewriter_by_rules(seed=1)(tasks)) != texts


def test_a_chat_rewriter_gets_prompt_and_text():
    seen = []
    rewrite = rewriter_by_chat(lambda messages: seen.extend(messages) or iter([Reply("x")] * len(messages)))
    assert list(rewrite([(ORIGINALS[0], PROMPTS[0])])) == [Reply("x")]
    assert seen == [f"{PROMPTS[0].text}\n\n{ORIGINALS[0].text}"]
