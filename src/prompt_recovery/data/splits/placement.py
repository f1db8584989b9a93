"""Cleaned rows in, the place of each in the data set out: its part, split, family, phrasing and group, or why none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from prompt_recovery import config
from prompt_recovery.data.cleaning.alike_rewrites import alike_rewrites
from prompt_recovery.data.cleaning.near_duplicates import first_copies, near_pairs
from prompt_recovery.data.cleaning.row_cleaning import CleanedRows
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rows import GENERATED
from prompt_recovery.data.splits.assignment import (
    CROSSES,
    OPEN,
    REASONS,
    SPLIT_NAMES,
    TRAIN,
    UNTRAINED,
    ImportedRows,
    assign_rows,
)
from prompt_recovery.data.splits.clustering import components
from prompt_recovery.data.splits.families import Embed, clustered_families, crossing_copies, name_families
from prompt_recovery.data.splits.key_columns import held_out, numbered, repeated, values_of
from prompt_recovery.data.splits.leaks import UNSEEN
from prompt_recovery.tables import PARTS


@dataclass(eq=False)
class Placement:
    """Arrays of texts, shape (n,). `reason` is None where a row is kept; where it is dropped the others may be None.

    `clustered`: the families that were found by clustering.
    """

    reason: np.ndarray
    part: np.ndarray
    split: np.ndarray
    family: np.ndarray
    phrasing: np.ndarray
    group: np.ndarray
    clustered: set[str] = field(default_factory=set)

    def kept(self, *splits: str) -> np.ndarray:
        """Return the numbers of the kept rows of these splits."""
        return np.flatnonzero(np.equal(self.reason, None) & np.isin(self.split.astype(str), splits))


def place_rows(
    rows: CleanedRows, settings: config.DataConfig, embed: Embed, clustered: frozenset[str] = frozenset()
) -> Placement:
    """Place every row: those made here where they were planned, the imported ones around them.

    `clustered`: families of rows made here that were found by clustering. `embed`: texts to unit vectors, shape (n, d);
    called where there are such, and where there are imported rows.
    """
    keys = rows.keys
    columns = {name: values_of(keys[name]) for name in ("part", "split", "family", "phrasing")}
    reason, group = np.full(len(keys), None, object), values_of(keys["original_group"])
    placement = Placement(reason, **columns, group=group, clustered=set(clustered))
    prompt, texts = numbered(keys["rewrite_prompt"])
    imported = np.flatnonzero(keys["origin"].to_numpy() != GENERATED)
    if len(imported):
        copies = first_copies(rows.row_signatures, settings.duplicates.threshold, within=prompt)
        again = (copies != np.arange(len(keys))) | repeated(keys["id"])
        _drop(placement, imported[again[imported]], "near_duplicate")
        group = _groups(rows, keys, settings.duplicates.threshold)
        imported = imported[np.equal(placement.reason[imported], None)]
        named = _name_prompts(placement, imported, prompt, texts, embed, settings.clustering)
        if settings.duplicates.embedding_cosine:
            alike = alike_rewrites(rows, imported, placement.phrasing, embed, settings.duplicates.embedding_cosine)
            _drop(placement, alike, "near_duplicate_by_embedding")
            imported = np.setdiff1d(imported, alike, assume_unique=True)
        _assign(placement, imported, keys, prompt, named, group, settings)
    if placement.clustered:
        _drop_near_copies_of_training(placement, values_of(keys["rewrite_prompt"]), embed, settings.clustering)
    _drop_untrained(placement, prompt)
    return placement


def _drop(placement: Placement, rows: np.ndarray, reason: str) -> None:
    placement.reason[rows] = reason


def _drop_untrained(placement: Placement, prompt: np.ndarray) -> None:
    """Drop the S0 rows whose prompt, and the S1 and S3 rows whose family, the filters took from training."""
    s0, others, train = placement.kept("S0"), placement.kept("S1", "S3"), placement.kept("train")
    families = set(placement.family[train])
    _drop(placement, s0[~np.isin(prompt[s0], prompt[train])], REASONS[UNTRAINED])
    _drop(placement, others[[family not in families for family in placement.family[others]]], REASONS[UNTRAINED])


def _groups(rows: CleanedRows, keys: pa.Table, threshold: float) -> np.ndarray:
    """Return the number of each row's group: originals that are near copies, or that their file puts together."""
    originals, own_keys = rows.original_keys, keys["original_key"].to_numpy()
    order = np.argsort(originals)
    original = order[np.searchsorted(originals, own_keys, sorter=order)]
    copies = near_pairs(rows.original_signatures, threshold)
    named = keys["original_group"].combine_chunks().dictionary_encode()
    at = np.flatnonzero(named.indices.is_valid().to_numpy(zero_copy_only=False))
    origin, value = keys["origin"].to_numpy()[at].astype(np.int64), named.indices.to_numpy(zero_copy_only=False)[at]
    _, groups = np.unique(origin * (len(named.dictionary) + 1) + value.astype(np.int64), return_inverse=True)
    edges = np.concatenate([
        copies,
        np.stack([original[at], len(originals) + groups], axis=1),
    ])  # fmt: skip
    return components(edges, len(originals) + len(at))[original]


def _name_prompts(
    placement: Placement,
    imported: np.ndarray,
    prompt: np.ndarray,
    texts: list[str],
    embed: Embed,
    settings: config.Clustering,
) -> dict[int, Prompt]:
    """Return the prompts that rows have, by number, each with its family and phrasing; fill in those of the rows."""
    made = np.setdiff1d(np.arange(len(prompt)), imported, assume_unique=True)
    made = made[np.not_equal(placement.family[made], None)]
    numbers, first = np.unique(prompt[made], return_index=True)
    known = {
        number: Prompt(texts[number], placement.family[row], placement.phrasing[row])
        for number, row in zip(numbers.tolist(), made[first], strict=True)
    }
    new = sorted(set(prompt[imported].tolist()) - known.keys())
    found = name_families([texts[number] for number in new], list(known.values()), embed, settings)
    placement.clustered |= clustered_families(found, list(known.values()))
    named = known | dict(zip(new, found, strict=True))
    placement.family[imported] = [named[number].family for number in prompt[imported].tolist()]
    placement.phrasing[imported] = [named[number].phrasing for number in prompt[imported].tolist()]
    return named


def _assign(
    placement: Placement,
    imported: np.ndarray,
    keys: pa.Table,
    prompt: np.ndarray,
    named: Mapping[int, Prompt],
    group: np.ndarray,
    settings: config.DataConfig,
) -> None:
    """Give the imported rows a part, split and group, or drop them."""
    made = np.flatnonzero(keys["origin"].to_numpy() == GENERATED)
    phrasing_of, family_of, family_part, phrasing_part = _prompt_parts(placement, made, prompt.max() + 1, named)
    group_part, torn = _made_group_parts(placement, made, group)
    trained = np.zeros(len(phrasing_of), dtype=bool)
    trained[prompt[np.intersect1d(made, placement.kept("train"))]] = True
    external = np.array([False, *(file.external for file in settings.imported)])
    held = held_out(keys["rewriter"], settings.split.held_out_rewriters)
    _drop(placement, imported[torn[group[imported]]], REASONS[CROSSES])
    imported = imported[~torn[group[imported]]]
    rows = ImportedRows(
        prompt[imported],
        group[imported],
        external[keys["origin"].to_numpy()[imported]],
        held[imported],
        phrasing_of,
        family_of,
        family_part,
        phrasing_part,
        group_part,
        trained,
    )
    assigned = assign_rows(rows, settings.split, settings.seed)
    placement.part[imported] = np.array(PARTS, dtype=object)[assigned.part]
    placement.split[imported] = np.array(SPLIT_NAMES, dtype=object)[assigned.split]
    placement.group[imported] = _group_names(placement, keys, group)[group[imported]]
    _drop(placement, imported, np.array(REASONS, dtype=object)[assigned.reason])


def _prompt_parts(
    placement: Placement, made: np.ndarray, prompts: int, named: Mapping[int, Prompt]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the phrasing of each prompt, the family of each phrasing, and the parts that rows made here gave them."""
    phrasings: dict[tuple[str, str], int] = {}
    families: dict[str, int] = {}
    phrasing_of = np.zeros(prompts, dtype=np.int64)
    for number, one in named.items():
        families.setdefault(one.family, len(families))
        phrasing_of[number] = phrasings.setdefault((one.family, one.phrasing), len(phrasings))
    family_of = np.array([families[family] for family, _ in phrasings], dtype=np.int64)
    family_part, phrasing_part = np.full(len(families), OPEN), np.full(len(phrasings), OPEN)
    columns = (placement.family, placement.phrasing, placement.split, placement.part)
    for family, phrasing, split, part in set(zip(*(column[made] for column in columns), strict=True)):
        code = PARTS.index(part)
        family_part[families[family]] = code if split == "S2" else TRAIN
        phrasing_part[phrasings[family, phrasing]] = code if split in ("S1", "S2") else TRAIN
    return phrasing_of, family_of, family_part, phrasing_part


def _made_group_parts(placement: Placement, made: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the part that rows made here gave each group, and the groups that join originals of several parts."""
    codes = np.array([PARTS.index(part) for part in placement.part[made]], dtype=np.int64)
    low, high = np.full(group.max() + 1, len(PARTS)), np.full(group.max() + 1, OPEN)
    np.minimum.at(low, group[made], codes)
    np.maximum.at(high, group[made], codes)
    return high, high > low


def _group_names(placement: Placement, keys: pa.Table, group: np.ndarray) -> np.ndarray:
    """Return a name for each group: that of its first row where that was made here, else the key of its original."""
    numbers, first = np.unique(group, return_index=True)
    names = np.full(group.max() + 1, None, dtype=object)
    own, origin = keys["original_key"].to_numpy(), keys["origin"].to_numpy()
    names[numbers] = [
        placement.group[row] if origin[row] == GENERATED else f"imported-{own[row]:016x}" for row in first.tolist()
    ]
    return names


def _drop_near_copies_of_training(
    placement: Placement, spelling: np.ndarray, embed: Embed, settings: config.Clustering
) -> None:
    """Drop held-out rows by their prompt as it is spelt: two spellings of one prompt are not equally near a third."""
    held_out = placement.kept(*UNSEEN)
    columns = (spelling, placement.family, placement.phrasing)
    ours, theirs = (
        [Prompt(*values) for values in sorted(set(zip(*(column[rows] for column in columns), strict=True)))]
        for rows in (held_out, placement.kept("train"))
    )
    pairs = crossing_copies(ours, theirs, placement.clustered, embed, settings.near_copy_cosine)
    crossing = {held.text for held, _ in pairs}
    _drop(placement, held_out[[text in crossing for text in spelling[held_out]]], "near_copy_of_a_training_prompt")
