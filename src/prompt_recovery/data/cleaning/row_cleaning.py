"""Rows in, piece by piece; cleaned rows on disk and what is known of each in memory out, by a process a core.

The texts never stand in memory together: of a row there remain its prompt, a hash and its MinHash signatures.
"""

import hashlib
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from prompt_recovery import config
from prompt_recovery.cores import count_cores
from prompt_recovery.data.cleaning.filters import clean
from prompt_recovery.data.cleaning.near_duplicates import PERMUTATIONS, signatures
from prompt_recovery.data.rows import GENERATED, ROWS
from prompt_recovery.data.texts.text_tidying import letters
from prompt_recovery.errors import InputError

_BATCHES_WITHOUT_PROCESSES = 20  # to start them takes as long as to clean some ten thousand rows
_TEXTS = ("original_text", "rewritten_text", "failure")
KEYS = pa.schema([field for field in ROWS if field.name not in _TEXTS] + [("original_key", pa.uint64())])
VERDICTS = pa.schema(
    [(name, pa.string()) for name in "id original_text rewrite_prompt rewritten_text rewriter verdict".split()]
)


@dataclass(eq=False)
class CleanedRows:
    """The rows that the filters kept.

    `files`: their texts, schema ROWS, in order; `verdicts`: schema VERDICTS, the rows dropped or mended, as they came.
    `row_signatures`: MinHash of a row's two texts, shape (n, 64); `original_signatures`: of the distinct originals, in
    the order of `original_keys`. `rows`: before the filters, by origin; `dropped`: by (origin, reason).
    """

    files: list[Path] = field(default_factory=list)
    verdicts: list[Path] = field(default_factory=list)
    rows: Counter = field(default_factory=Counter)
    dropped: Counter = field(default_factory=Counter)
    changed: Counter = field(default_factory=Counter)
    _keys: list[pa.Table] = field(default_factory=list)
    _row_bytes: bytearray = field(default_factory=bytearray)  # grow in place
    _original_bytes: bytearray = field(default_factory=bytearray)
    _originals: dict[int, None] = field(default_factory=dict)

    @property
    def keys(self) -> pa.Table:
        """Schema KEYS, a row a kept row."""
        return pa.concat_tables([KEYS.empty_table(), *self._keys])

    @property
    def row_signatures(self) -> np.ndarray:
        return np.frombuffer(self._row_bytes, np.uint32).reshape(-1, PERMUTATIONS)

    @property
    def original_keys(self) -> np.ndarray:
        return np.fromiter(self._originals, np.uint64, len(self._originals))

    @property
    def original_signatures(self) -> np.ndarray:
        return np.frombuffer(self._original_bytes, np.uint32).reshape(-1, PERMUTATIONS)

    def add(self, batch: "_Batch") -> None:
        self.files.append(batch.file)
        self.verdicts.append(batch.verdicts)
        self.rows += batch.rows
        self.dropped += batch.dropped
        self.changed += batch.changed
        self._keys.append(batch.keys)
        self._row_bytes += batch.row_signatures.tobytes()
        for row, key in enumerate(batch.keys["original_key"].to_pylist()):
            if key not in self._originals:
                self._originals[key] = None
                self._original_bytes += batch.original_signatures[row : row + 1].tobytes()


@dataclass(frozen=True, eq=False)
class _Batch:
    """What a process gives back of one batch."""

    file: Path
    verdicts: Path
    keys: pa.Table
    row_signatures: np.ndarray
    original_signatures: np.ndarray
    rows: Counter
    dropped: Counter
    changed: Counter


def hash64(text: str) -> int:
    """Return 64 bits of BLAKE2 of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def clean_rows(
    batches: Iterable[pa.RecordBatch], settings: config.Cleaning, folder: Path, *, signed: bool
) -> CleanedRows:
    """Clean every row; the rows that are kept, and those with a verdict, go to files in `folder`.

    Only with `signed` are there signatures, which take as long as the rest.
    """
    cleaned = CleanedRows()
    work = partial(_clean_batch, settings=settings, folder=folder, signed=signed)
    with tqdm(desc="cleaning", unit="row") as bar:
        for batch in _in_order(work, enumerate(batches)):
            cleaned.add(batch)
            bar.update(batch.rows.total())
    return cleaned


def _in_order(work: Callable[[Any], _Batch], items: Iterable) -> Iterator[_Batch]:
    """Yield work(item), in order: of the first items here, of those after them by a process a core."""
    remaining = iter(items)
    yield from map(work, islice(remaining, _BATCHES_WITHOUT_PROCESSES))
    following = next(remaining, None)
    if following is None:
        return
    processes = count_cores()
    with ProcessPoolExecutor(processes, get_context("spawn"), _end_with_parent) as pool:
        waiting = deque()
        try:
            for item in chain([following], remaining):
                waiting.append(pool.submit(work, item))
                if len(waiting) > 2 * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise InputError(
                "a process that cleans rows was killed, most often for want of memory. Free some, then run the "
                "same command again."
            ) from None


def _end_with_parent() -> None:
    """End this process when its parent is killed: it would wait for work, and keep its memory, for ever."""

    def watch() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _clean_batch(item: tuple[int, pa.RecordBatch], settings: config.Cleaning, folder: Path, signed: bool) -> _Batch:
    number, batch = item
    kept, verdicts, changed = [], [], Counter()
    rows, dropped = Counter(batch["origin"].to_pylist()), Counter()
    for row in batch.to_pylist():
        row = row if row["origin"] == GENERATED else _tidied(row)
        text, reason, changed_by = _judged(row, settings)
        if reason:
            dropped[row["origin"], reason] += 1
        else:
            changed.update(changed_by)
            kept.append(row | {"rewritten_text": text})
        verdict = [f"dropped: {reason}"] if reason else [f"changed: {how}" for how in changed_by]
        verdicts += [{name: row.get(name) for name in VERDICTS.names} | {"verdict": one} for one in verdict]
    file, file_of_verdicts = folder / f"{number:06}.kept.parquet", folder / f"{number:06}.verdicts.parquet"
    pq.write_table(pa.Table.from_pylist(kept, schema=ROWS), file)
    pq.write_table(pa.Table.from_pylist(verdicts, schema=VERDICTS), file_of_verdicts)
    for row in kept:
        row["original_key"] = hash64(letters(row["original_text"]))
    return _Batch(
        file,
        file_of_verdicts,
        pa.Table.from_pylist(kept, schema=KEYS),
        signatures(f"{row['original_text']}\n{row['rewritten_text']}" for row in kept if signed),
        signatures(row["original_text"] for row in kept if signed),
        rows,
        dropped,
        changed,
    )


def _tidied(row: dict[str, Any]) -> dict[str, Any]:
    """Return an imported row with its id, no text null, no blanks around a text, and the prompt on one line."""
    names = ("original_text", "rewritten_text", "rewriter", "original_source", "original_group")
    original, rewritten, rewriter, source, group = ((row[name] or "").strip() for name in names)
    prompt, rewriter = " ".join((row["rewrite_prompt"] or "").split()), rewriter or "unknown"
    identity = "\0".join(("imported", original, prompt, rewritten, rewriter))
    return row | {
        "id": hashlib.sha256(identity.encode()).hexdigest()[:16],
        "original_text": original,
        "rewrite_prompt": prompt,
        "rewritten_text": rewritten,
        "rewriter": rewriter,
        "original_source": source or "unknown",
        "original_group": group or None,  # an empty cell of a CSV puts no originals together
    }


def _judged(row: dict[str, Any], settings: config.Cleaning) -> tuple[str, str | None, tuple[str, ...]]:
    if row["failure"]:
        return "", f"failed: {row['failure']}", ()
    cleaned = clean(row["original_text"], row["rewrite_prompt"], row["rewritten_text"], settings)
    return cleaned.rewritten_text, cleaned.reason, cleaned.changed_by
