"""Originals and prompts in, the tasks of each split out, before anything is rewritten.

train; S0 seen prompt, unseen text; S1 unseen wording of a seen family; S2 unseen family. Valid and test have one each.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from prompt_recovery import config
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rewriters.rewriting import Task
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.errors import InputError

SPLITS = ("S0", "S1", "S2")
_TRIES_PER_ROW = 50

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class PlannedTask:
    """A task with its part (train, valid, test) and split (train, S0, S1, S2)."""

    task: Task
    part: str
    split: str


def plan_splits(
    originals: Sequence[Original], prompts: Sequence[Prompt], settings: config.Split, seed: int
) -> list[PlannedTask]:
    """Draw the tasks of every split, families balanced, originals disjoint by group, prompts by the split's meaning."""
    rng = random.Random(f"splits {seed}")
    source = {original.group: original.source for original in reversed(originals)}  # a group's own: its first text's
    texts = _held_out(originals, lambda one: source[one.group], lambda one: one.group, settings.held_out_originals, rng)
    empty = [part for part, own in texts.items() if not own]
    if empty:
        raise InputError(
            f"{len(source)} groups of originals: none is left for {', '.join(empty)}. Give texts of more groups "
            "(files, or values of group_column), at least 3 of one source."
        )
    families = _hold_out_families(prompts, settings.held_out_families, rng)
    seen = [prompt for prompt in prompts if prompt.family in families["train"]]
    wordings = _hold_out_phrasings(seen, settings.held_out_phrasings, rng)

    train = _draw(texts["train"], wordings["train"], settings.train_rows, rng)
    used = list(dict.fromkeys(prompt for _, prompt in train))
    plan = [PlannedTask(task, "train", "train") for task in train]
    for part, rows in (("valid", settings.valid_rows), ("test", settings.test_rows)):
        unseen = [prompt for prompt in prompts if prompt.family in families[part]]
        for split, pool in zip(SPLITS, (used, wordings[part], unseen), strict=True):
            plan += [PlannedTask(task, part, split) for task in _draw(texts[part], pool, rows, rng)]
    return plan


def _held_out(
    items: Iterable[_Item],
    stratum: Callable[[_Item], Hashable],
    group: Callable[[_Item], Hashable],
    share: float,
    rng: random.Random,
) -> dict[str, list[_Item]]:
    """Give valid and test each `share` of the groups of every stratum (at least one), train the rest."""
    groups: dict[Hashable, dict[Hashable, list[_Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        groups[stratum(item)][group(item)].append(item)
    parts: dict[str, list[_Item]] = {"train": [], "valid": [], "test": []}
    for members in groups.values():
        order = rng.sample(sorted(members), len(members))
        size = max(1, round(share * len(order)))
        for place, name in enumerate(order):
            parts["valid" if place < size else "test" if place < 2 * size else "train"] += members[name]
    return parts


def _hold_out_families(prompts: Sequence[Prompt], count: int, rng: random.Random) -> dict[str, set[str]]:
    families = sorted({prompt.family for prompt in prompts})
    if len(families) <= 2 * count:
        raise InputError(f"split.held_out_families = {count}: taken twice, it leaves none of {len(families)}.")
    rng.shuffle(families)
    valid, test, train = families[:count], families[count : 2 * count], families[2 * count :]
    return {"valid": set(valid), "test": set(test), "train": set(train)}


def _hold_out_phrasings(prompts: Sequence[Prompt], count: int, rng: random.Random) -> dict[str, list[Prompt]]:
    """Take `count` phrasings for valid, and as many for test, of every family that has more than both together."""
    phrasings: dict[str, dict[str, None]] = defaultdict(dict)
    for prompt in prompts:
        phrasings[prompt.family][prompt.phrasing] = None
    part_of = {}
    for family, own in phrasings.items():
        order = rng.sample(list(own), len(own))
        held_out = count if len(own) > 2 * count else 0
        part_of |= {
            (family, name): "valid" if i < held_out else "test" if i < 2 * held_out else "train"
            for i, name in enumerate(order)
        }
    parts: dict[str, list[Prompt]] = {"train": [], "valid": [], "test": []}
    for prompt in prompts:
        parts[part_of[prompt.family, prompt.phrasing]].append(prompt)
    if not parts["test"]:
        raise InputError(
            f"split.held_out_phrasings = {count}: no family has more than {2 * count} phrasings. Lower it."
        )
    return parts


def _draw(originals: Sequence[Original], prompts: Sequence[Prompt], rows: int, rng: random.Random) -> list[Task]:
    """Draw `rows` distinct tasks: the families in turn, a family's prompts by their weights, the originals evenly."""
    possible = len(originals) * len(prompts)
    if rows > possible:
        raise InputError(f"{rows} rows: only {possible} distinct pairs of text and prompt. Lower the split's rows.")
    by_family: dict[str, list[Prompt]] = defaultdict(list)
    for prompt in prompts:
        by_family[prompt.family].append(prompt)
    families = rng.sample(sorted(by_family), len(by_family))
    weights = {family: list(accumulate(prompt.weight for prompt in own)) for family, own in by_family.items()}
    tasks: dict[Task, None] = {}
    for turn in range(rows * _TRIES_PER_ROW):
        family = families[turn % len(families)]
        (prompt,) = rng.choices(by_family[family], cum_weights=weights[family])
        tasks[rng.choice(originals), prompt] = None
        if len(tasks) == rows:
            return list(tasks)
    raise InputError(
        f"{rows} rows: only {len(tasks)} of {possible} pairs of text and prompt drawn. Lower the split's rows."
    )
