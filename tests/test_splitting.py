import dataclasses
from collections import Counter

import pandas as pd
import pytest

from prompt_recovery.config import Split
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.splits.splitting import plan_splits
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.errors import InputError

SETTINGS = Split(train_rows=600, valid_rows=30, test_rows=60, held_out_families=2, held_out_phrasings=1)
ORIGINALS = [
    Original(f"{kind} {group} {n}", kind, f"{kind}-{group}") for kind in "ab" for group in range(10) for n in range(9)
]
PROMPTS = [
    Prompt(f"Frame {frame}: do {family} by wording {phrasing}.", family, f"{family} {phrasing}")
    for family in ("pirate", "poem", "formal", "short", "long", "song", "news")
    for phrasing in range(5)
    for frame in range(3)
]


@pytest.fixture(scope="module")
def planned() -> pd.DataFrame:
    return pd.DataFrame([
        {
            "part": row.part,
            "split": row.split,
            "original_text": row.task[0].text,
            "original_group": row.task[0].group,
            "rewrite_prompt": row.task[1].text,
            "phrasing": row.task[1].phrasing,
            "family": row.task[1].family,
        }
        for row in plan_splits(ORIGINALS, PROMPTS, SETTINGS, seed=0)
    ])  # fmt: skip


def part(planned, name, split=None):
    return planned[(planned["part"] == name) & (True if split is None else planned["split"] == split)]


def test_every_split_has_its_rows(planned):
    assert Counter(zip(planned["part"], planned["split"], strict=True)) == {
        ("train", "train"): 600,
        **{("valid", split): 30 for split in ("S0", "S1", "S2")},
        **{("test", split): 60 for split in ("S0", "S1", "S2")},
    }


def test_families_are_balanced(planned):
    rows = Counter(part(planned, "train")["family"])
    assert len(rows) == 3
    assert max(rows.values()) - min(rows.values()) <= 0.2 * max(rows.values())


def test_a_prompt_is_drawn_as_often_as_its_weight_says():
    usual = "Frame 0"
    prompts = [dataclasses.replace(prompt, weight=8 if prompt.text.startswith(usual) else 1) for prompt in PROMPTS]
    train = [one.task[1].text for one in plan_splits(ORIGINALS, prompts, SETTINGS, seed=0) if one.part == "train"]
    share = sum(text.startswith(usual) for text in train) / len(train)
    assert 0.7 < share < 0.8  # 8 / 10, less the pairs that were drawn twice; evenly it would be 1 / 3


def test_the_seed_alone_decides():
    assert plan_splits(ORIGINALS, PROMPTS, SETTINGS, seed=1) == plan_splits(ORIGINALS, PROMPTS, SETTINGS, seed=1)
    assert plan_splits(ORIGINALS, PROMPTS, SETTINGS, seed=1) != plan_splits(ORIGINALS, PROMPTS, SETTINGS, seed=2)


def test_a_family_of_few_phrasings_gives_none_away():
    few = [Prompt(f"Do rare thing {n}.", "rare", f"rare {n % 2}") for n in range(4)]
    for seed in range(20):
        plan = plan_splits(ORIGINALS, [*PROMPTS, *few], SETTINGS, seed=seed)
        rare = [one for one in plan if one.task[1].family == "rare"]
        assert not [one for one in rare if one.split == "S1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"held_out_families": 4}, r"split.held_out_families = 4: taken twice, it leaves none of 7"),
        ({"held_out_phrasings": 3}, r"split.held_out_phrasings = 3: no family has more than 6 phrasings"),
        ({"train_rows": 100_000}, r"100000 rows: only \d+ distinct pairs of text and prompt"),
    ],
)
def test_what_cannot_be_split_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        plan_splits(ORIGINALS, PROMPTS, SETTINGS.model_copy(update=change), seed=0)


def test_originals_of_a_single_group_cannot_be_split():
    alone = [original for original in ORIGINALS if original.group == "a-0"]
    with pytest.raises(InputError, match=r"1 groups of originals: none is left for train, test\. Give texts of more"):
        plan_splits(alone, PROMPTS, SETTINGS, seed=0)
