"""Imported rows in, as numbers, the part and split of each out: whole families, phrasings and originals to a side.

Held-out families and phrasings are chosen first: a row's prompt says where it may go. A group of originals goes where
one of its rows, drawn at random, may go. What then stands on the wrong side is dropped.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prompt_recovery import config
from prompt_recovery.data.splits.clustering import cap_clusters
from prompt_recovery.errors import InputError

OPEN, TRAIN, VALID, TEST = -1, 0, 1, 2
S0, S1, S2, S3, S4 = range(1, 6)  # and 0 is train
SPLIT_NAMES = ("train", "S0", "S1", "S2", "S3", "S4")
CROSSES, BEYOND, CAPPED, UNTRAINED = range(1, 5)  # and 0 is kept
REASONS = (None, "crosses_splits", "beyond_the_splits_rows", "beyond_the_familys_rows", "prompt_left_training")


@dataclass(frozen=True, eq=False)
class ImportedRows:
    """n rows. `prompt`, `group`: numbers, shape (n,); `external`, `rewriter_held_out`: bools, shape (n,).

    `phrasing_of`: of each prompt; `family_of`: of each phrasing. `family_part`, `phrasing_part`, `group_part`: OPEN, or
    the part that rows made here gave it; `trained`: the prompts that training has from them, bools, shape (prompts,).
    """

    prompt: np.ndarray
    group: np.ndarray
    external: np.ndarray
    rewriter_held_out: np.ndarray
    phrasing_of: np.ndarray
    family_of: np.ndarray
    family_part: np.ndarray
    phrasing_part: np.ndarray
    group_part: np.ndarray
    trained: np.ndarray

    @property
    def phrasing(self) -> np.ndarray:
        return self.phrasing_of[self.prompt]

    @property
    def family(self) -> np.ndarray:
        return self.family_of[self.phrasing]

    def plain_sizes(self, values: np.ndarray, count: int, share: float) -> np.ndarray:
        """Return how many plain rows of each value, 0 ... count - 1, are likely to come where that value goes.

        All if each has a group of its own; of a group of many rows one decides, or `share` does.
        """
        chances = np.maximum(1 / np.bincount(self.group)[self.group], share)
        return np.bincount(values[self.plain], weights=chances[self.plain], minlength=count)

    @property
    def plain(self) -> np.ndarray:
        """The rows whose prompt alone says where they may go."""
        return ~(self.external | self.rewriter_held_out)


@dataclass(frozen=True, eq=False)
class Assignment:
    """Of each row the part (TRAIN ... TEST), the split (0 for train, S0 ... S4), and why it is dropped (0: kept)."""

    part: np.ndarray
    split: np.ndarray
    reason: np.ndarray


def assign_rows(rows: ImportedRows, settings: config.Split, seed: int) -> Assignment:
    """Assign every row to a part and a split, or give the reason to drop it.

    Raises InputError when too few families would be left for training.
    """
    rng = np.random.default_rng(seed)
    home, split = _homes(rows, settings, rng)
    group_part = _group_parts(rows, home, settings.held_out_originals, rng)
    _move_groups_to_s0(rows, home, group_part, settings, rng)
    part = group_part[rows.group]
    split = np.where((split == 0) & (part != TRAIN), S0, split)
    stays = (part == home) | (split == S0) | ((split == S3) & (part != TRAIN))
    reason = np.where(stays, 0, CROSSES)

    train = (reason == 0) & (part == TRAIN)
    capped = np.flatnonzero(train)[~cap_clusters(rows.family[train], settings.max_train_rows_per_family, seed)]
    reason[capped] = CAPPED
    _require_training(rows, part, split, reason)
    for which in (S0, S1, S2, S3):
        for name, wanted, each in _wanted(settings, which):
            own = rng.permutation(np.flatnonzero((reason == 0) & (part == name) & (split == which)))
            few = cap_clusters(rows.family[own], each, seed)  # of every family some, before more of a large one
            reason[np.r_[own[few], own[~few]][wanted:]] = BEYOND
    return Assignment(part, split, reason)


def _homes(rows: ImportedRows, settings: config.Split, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return where each row may go, and as which split if it goes there; rows of train may become S0."""
    family_part = _hold_out_families(rows, settings, rng)
    phrasing_part = _hold_out_phrasings(rows, family_part, settings, rng)
    by_family, by_phrasing = family_part[rows.family], phrasing_part[rows.phrasing]
    home = np.where(by_family == TRAIN, by_phrasing, by_family)
    split = np.where(by_family != TRAIN, S2, np.where(by_phrasing != TRAIN, S1, 0))
    seen = rows.rewriter_held_out & (by_family == TRAIN)  # S3 asks for a known kind of prompt, from an unknown hand
    home[seen], split[rows.rewriter_held_out] = rng.choice([VALID, TEST], seen.sum()), S3
    home[rows.external], split[rows.external] = TEST, S4
    return home, split


def _wanted(settings: config.Split, split: int) -> Iterator[tuple[int, int, int]]:
    """Yield each held-out part, its rows of the split, and how many of these one family may give."""
    held_out = split == S3 or SPLIT_NAMES[split] in settings.splits
    for part, rows in ((VALID, settings.valid_rows), (TEST, settings.test_rows)):
        yield part, held_out * rows, -(-rows // settings.held_out_families)


def _hold_out_families(rows: ImportedRows, settings: config.Split, rng: np.random.Generator) -> np.ndarray:
    """Return the part of every family: valid and test get families until they have enough, and enough of their rows."""
    part, sizes = (
        rows.family_part.copy(),
        rows.plain_sizes(rows.family, len(rows.family_part), settings.held_out_originals),
    )
    order = rng.permutation(np.flatnonzero((part == OPEN) & (sizes > 0)))
    fewest, most = settings.held_out_families, max(settings.held_out_families, len(order) // 4)
    if len(order) <= 2 * fewest:
        if not (part == TRAIN).any():
            if not len(order):
                raise InputError(
                    "no imported row may be trained on: all are external, of held-out rewriters, or stand with what is "
                    "held out. Import or make others too."
                )
            raise InputError(
                f"split.held_out_families = {fewest}: taken twice, it leaves none of the {len(order)} families of the "
                "imported prompts. Lower it, or import triples with more kinds of prompts."
            )
        order = order[:0]
    taken = 0
    for name, wanted, each in _wanted(settings, S2):
        reached = np.cumsum(np.minimum(sizes[order[taken:]], each)) >= wanted
        enough = 1 + int(reached.argmax()) if reached.any() else len(order)
        count = min(max(enough, fewest), most) if wanted else 0
        part[order[taken : taken + count]] = name
        taken += count
    part[part == OPEN] = TRAIN
    return part


def _hold_out_phrasings(
    rows: ImportedRows, family_part: np.ndarray, settings: config.Split, rng: np.random.Generator
) -> np.ndarray:
    """Return the part of every phrasing: a few of the families of training give some to valid and as many to test."""
    part, sizes = (
        rows.phrasing_part.copy(),
        rows.plain_sizes(rows.phrasing, len(rows.phrasing_part), settings.held_out_originals),
    )
    free = rng.permutation(np.flatnonzero((part == OPEN) & (sizes > 0) & (family_part[rows.family_of] == TRAIN)))
    free = free[np.argsort(rows.family_of[free], kind="stable")]  # families one after another, each in random order
    starts = np.flatnonzero(np.r_[True, np.diff(rows.family_of[free]) != 0]) if len(free) else np.zeros(0, int)
    families = np.split(free, starts[1:])
    count, found = settings.held_out_phrasings, {VALID: 0, TEST: 0}
    for place in rng.permutation(len(families)):
        own = families[place]
        if len(own) <= 2 * count:
            continue
        for turn, (name, wanted, each) in enumerate(_wanted(settings, S1)):
            if found[name] < wanted:
                chosen = own[turn * count : (turn + 1) * count]
                part[chosen] = name
                found[name] += min(sizes[chosen].sum(), each)
    part[part == OPEN] = TRAIN
    return part


def _group_parts(rows: ImportedRows, home: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return the part of every group: an external row decides, else one of its rows, drawn at random.

    Of the groups that have rows for a held-out part `share` goes there in any case: else there would be few where each
    original has many prompts.
    """
    part, fate = rows.group_part.copy(), rng.random(len(rows.group_part))[rows.group]
    in_any_case = ((home == VALID) & (fate < share)) | ((home == TEST) & (fate >= share) & (fate < 2 * share))
    rank = np.where(rows.external, 0, np.where(in_any_case, 1, 2))
    order = rng.permutation(len(home))
    order = order[np.argsort(rank[order], kind="stable")]
    groups, places = np.unique(rows.group[order], return_index=True)
    part[groups] = np.where(part[groups] == OPEN, home[order[places]], part[groups])
    part[part == OPEN] = TRAIN
    return part


def _move_groups_to_s0(
    rows: ImportedRows, home: np.ndarray, group_part: np.ndarray, settings: config.Split, rng: np.random.Generator
) -> None:
    """Move groups of train to valid and test until their S0 has its rows: prompts that training keeps elsewhere."""
    train = np.flatnonzero((home == TRAIN) & (group_part[rows.group] == TRAIN) & rows.plain)
    train = train[np.argsort(rows.group[train], kind="stable")]
    bounds = np.flatnonzero(np.r_[True, np.diff(rows.group[train]) != 0, True]) if len(train) else np.zeros(1, int)
    left = np.bincount(rows.prompt[train], minlength=len(rows.trained)) + rows.trained
    movable = np.flatnonzero(rows.group_part[rows.group[train[bounds[:-1]]]] == OPEN)
    waiting = iter(rng.permutation(movable))
    for part, wanted, _ in _wanted(settings, S0):
        found = 0
        for place in waiting if wanted else ():
            own = train[bounds[place] : bounds[place + 1]]
            prompts, times = np.unique(rows.prompt[own], return_counts=True)
            if not (left[prompts] > times).all():
                continue
            left[prompts] -= times
            group_part[rows.group[own[0]]] = part
            found += len(own)
            if found >= wanted:
                break


def _require_training(rows: ImportedRows, part: np.ndarray, split: np.ndarray, reason: np.ndarray) -> None:
    """Drop S0 rows whose prompt, and S1 and S3 rows whose family training has not, and S4 rows whose prompt it has."""
    trained = rows.trained.copy()
    trained[rows.prompt[(reason == 0) & (part == TRAIN)]] = True
    families = np.zeros(len(rows.family_part), dtype=bool)
    families[rows.family_of[rows.phrasing_of[trained]]] = True
    prompt, family = trained[rows.prompt], families[rows.family]
    lost = ((split == S0) & ~prompt) | (np.isin(split, (S1, S3)) & ~family)
    reason[(reason == 0) & lost] = UNTRAINED
    reason[(reason == 0) & (split == S4) & prompt] = CROSSES
