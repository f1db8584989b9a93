"""The Parquet files of train, valid and test in, what a page says of them out: counts, lengths, sample rows.

Each file is read once, in batches: the memory is that of a batch and of the distinct families, whatever the rows.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from prompt_recovery.tables import table_batches

TEXTS = ("original_text", "rewrite_prompt", "rewritten_text")
OCTAVE = 4  # steps of a length ratio to its double
_FARTHEST = 8  # octaves: a ratio beyond 1 / 256 or 256 counts as that
_COLUMNS = ("id", *TEXTS, "family", "original_source", "rewriter", "split")
_SAMPLE_ROWS = {"train": 6, "test": 2}  # of each split of a part


@dataclass
class Profile:
    """What is in the triples; each Counter is of rows."""

    splits: Counter[tuple[str, str]] = field(default_factory=Counter)  # (split, part)
    families: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (family, split, part)
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)  # (original_source, part)
    rewriters: Counter[tuple[str, str]] = field(default_factory=Counter)  # (rewriter, part)
    words: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in TEXTS})
    ratios: Counter[int] = field(default_factory=Counter)  # OCTAVE * log2(words of rewrite / of original), rounded
    samples: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)  # by (split, part)


def profile_triples(parts: Mapping[str, Path]) -> Profile:
    """Read the parts, files of schema TRIPLES; the sample rows are drawn by a fixed seed."""
    profile = Profile()
    for part, path in parts.items():
        drawn = _Sample(_SAMPLE_ROWS.get(part, 0))
        for batch in table_batches(path, _COLUMNS):
            _count(profile, part, batch)
            _measure(profile, batch)
            drawn.offer(batch)
        profile.samples |= {(split, part): drawn.rows(split) for split in drawn.splits}
    return profile


def quantile(counts: Mapping[int, int], share: float) -> int:
    """Return the value that at least `share` of the counted ones do not exceed."""
    values = sorted(counts)
    reached = np.cumsum([counts[value] for value in values])
    return values[int(np.searchsorted(reached, share * reached[-1]))]


def _count(profile: Profile, part: str, batch: pa.Table) -> None:
    keys = {"splits": ["split"], "families": ["family", "split"], "sources": ["original_source"]}
    for name, columns in (keys | {"rewriters": ["rewriter"]}).items():
        groups = batch.group_by(columns).aggregate([([], "count_all")]).to_pydict()
        rows = groups.pop("count_all")
        counter = getattr(profile, name)
        for *key, count in zip(*groups.values(), rows, strict=True):
            counter[*key, part] += count


def _measure(profile: Profile, batch: pa.Table) -> None:
    words = {name: [len(text.split()) for text in batch[name].to_pylist()] for name in TEXTS}
    for name, counter in profile.words.items():
        counter.update(words[name])
    original, rewritten = (np.maximum(words[name], 1) for name in ("original_text", "rewritten_text"))
    octaves = np.clip(np.log2(rewritten / original), -_FARTHEST, _FARTHEST)
    profile.ratios.update(np.round(OCTAVE * octaves).astype(int).tolist())


class _Sample:
    """The `size` rows of each split that have the lowest random keys of all rows offered."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._keys = np.random.default_rng(0)
        self._kept: dict[str, list[tuple[float, dict[str, Any]]]] = {}

    @property
    def splits(self) -> list[str]:
        return sorted(self._kept)

    def rows(self, split: str) -> list[dict[str, Any]]:
        return [row for _, row in self._kept[split]]

    def offer(self, batch: pa.Table) -> None:
        keys, splits = self._keys.random(len(batch)), np.array(batch["split"].to_pylist())
        for split in np.unique(splits):
            own = np.flatnonzero(splits == split)
            lowest = own[np.argsort(keys[own])[: self._size]]
            rows = zip(keys[lowest].tolist(), batch.take(lowest).to_pylist(), strict=True)
            pool = [*self._kept.get(str(split), []), *rows]
            self._kept[str(split)] = sorted(pool, key=lambda one: one[0])[: self._size]
