"""The written parts in, a hash of all that must not cross a split out, and a sentence for each thing that does."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from prompt_recovery.data.cleaning.near_duplicates import near_pairs, signatures, similarity
from prompt_recovery.data.cleaning.row_cleaning import hash64
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.splits.families import Embed, crossing_copies
from prompt_recovery.data.texts.text_tidying import letters
from prompt_recovery.tables import table_batches

HASHED = ("original_text", "original_group", "rewrite_prompt", "phrasing", "family", "rewriter")
HASHES = pa.schema([(name, pa.string()) for name in ("id", "part", "split")] + [(name, pa.uint64()) for name in HASHED])
NEAR_COPY = 0.9  # Jaccard similarity of two originals that no split may part
UNSEEN = ("S1", "S2", "S4")  # splits of whose prompts training has not even a near copy
_ROUNDING = 1e-4  # of a cosine in float32
_ORIGINAL = ["original_text"]


def row_hashes(parts: Mapping[str, Path]) -> pd.DataFrame:
    """Return schema HASHES: of each row of the parts' files its id, part, split, and hashes of what it may share.

    What tells near copies apart is not hashed: case, punctuation and white space.
    """
    frames = []
    for part, path in parts.items():
        for frame in _batches(path, ["id", "split", *HASHED]):
            hashes = {name: np.array(_hashes(frame[name]), dtype=np.uint64) for name in HASHED}
            frames.append(frame[["id", "split"]].assign(part=part, **hashes))
    return pd.concat(frames, ignore_index=True)[HASHES.names]


def find_leaks(rows: pd.DataFrame) -> list[str]:
    """Return a sentence for each thing that stands on two sides of a split. `rows`: schema HASHES."""
    train, valid, test = (rows[rows["part"] == name] for name in ("train", "valid", "test"))
    held = rows[rows["part"] != "train"]
    s0, s1, s2, s3, s4 = (held[held["split"] == split] for split in ("S0", "S1", "S2", "S3", "S4"))
    of_both = [valid[valid["split"] == "S2"], test[test["split"] == "S2"]]
    checks = [
        ("original in training and held out", _shared(train, held, "original_text")),
        ("original in valid and test", _shared(valid, test, "original_text")),
        ("original group in training and held out", _shared(train, held, "original_group")),
        ("original group in valid and test", _shared(valid, test, "original_group")),
        ("S0 prompt that training has not", _missing(train, s0, "rewrite_prompt")),
        ("S1 prompt that training has", _shared(train, s1, "rewrite_prompt")),
        ("S1 phrasing that training has", _shared(train, s1, "phrasing")),
        ("S1 family that training has not", _missing(train, s1, "family")),
        ("S2 family that training has", _shared(train, s2, "family")),
        ("S2 prompt that training has", _shared(train, s2, "rewrite_prompt")),
        ("S2 family of both valid and test", _shared(*of_both, "family")),
        ("S3 rewriter that training has", _shared(train, s3, "rewriter")),
        ("S3 family that training has not", _missing(train, s3, "family")),
        ("S4 prompt that training has", _shared(train, s4, "rewrite_prompt")),
    ]
    return [f"{what}: {len(found)} row(s), the first {found.iloc[0]}" for what, found in checks if len(found)]


def find_near_copies(parts: Mapping[str, Path], clustered: set[str], embed: Embed, cosine: float) -> list[str]:
    """Return a sentence for originals that are near copies across parts, and for prompts across training's border.

    Originals by MinHash with other permutations than the split was made with, and then exactly; prompts by embedding,
    where one of the two is of a `clustered` family.
    """
    leaks = []
    rows = [(key, part) for part, path in parts.items() for frame in _batches(path, ["id"]) for key in frame["id"]]
    pairs = near_pairs(signatures(_originals(parts), seed=1), NEAR_COPY).tolist()
    crossing = [pair for pair in pairs if rows[pair[0]][1] != rows[pair[1]][1]]
    texts = _originals_of({row for pair in crossing for row in pair}, parts)
    crossing = [(row, copy) for row, copy in crossing if similarity(texts[row], texts[copy]) >= NEAR_COPY]
    if crossing:
        one, other = (rows[row][0] for row in crossing[0])
        leaks.append(f"near copy of an original in another part: {len(crossing)} row(s), the first {one}, of {other}")
    unseen, seen = _prompts(parts, UNSEEN), _prompts(parts, ("train",))
    pairs = crossing_copies(unseen, seen, clustered, embed, cosine + _ROUNDING)
    if pairs:
        one, other = pairs[0]
        leaks.append(f"near copy of a training prompt: {len(pairs)}, the first {one.text!r} of {other.text!r}")
    return leaks


def _originals(parts: Mapping[str, Path]) -> Iterator[str]:
    return (text for path in parts.values() for frame in _batches(path, _ORIGINAL) for text in frame[_ORIGINAL[0]])


def _originals_of(rows: set[int], parts: Mapping[str, Path]) -> dict[int, str]:
    """Return the originals of a few rows, by their number over all parts."""
    return {row: text for row, text in enumerate(_originals(parts)) if row in rows} if rows else {}


def _prompts(parts: Mapping[str, Path], splits: tuple[str, ...]) -> list[Prompt]:
    columns = ["rewrite_prompt", "family", "phrasing"]
    found: dict[Prompt, None] = {}
    for path in parts.values():
        for frame in _batches(path, ["split", *columns]):
            own = frame.loc[frame["split"].isin(splits), columns].drop_duplicates()
            found |= dict.fromkeys(Prompt(*row) for row in own.itertuples(index=False))
    return list(found)


def _batches(path: Path, columns: list[str]) -> Iterator[pd.DataFrame]:
    return (batch.to_pandas() for batch in table_batches(path, columns))


def _hashes(texts: pd.Series) -> list[int]:
    known: dict[str, int] = {}
    for text in texts:
        if text not in known:
            known[text] = hash64(letters(text) or text)
    return [known[text] for text in texts]


def _shared(one: pd.DataFrame, other: pd.DataFrame, column: str) -> pd.Series:
    """Return the ids of the rows of `other` whose value `one` has too."""
    return other.loc[other[column].isin(one[column].unique()), "id"]


def _missing(one: pd.DataFrame, other: pd.DataFrame, column: str) -> pd.Series:
    return other.loc[~other[column].isin(one[column].unique()), "id"]
