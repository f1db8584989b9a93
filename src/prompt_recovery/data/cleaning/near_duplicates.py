"""Texts or unit vectors in, for each the row of the first one that it is a near copy of out."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

_WORD = re.compile(r"\w+")
PERMUTATIONS = 64  # of a MinHash signature
_BATCH = 2_000  # texts whose shingles are held at once
_RECALL = 0.97  # of pairs just at the threshold that shall meet in a band
_PAIRS = 100_000  # compared at once
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd: Fibonacci hashing


def near_duplicates(
    texts: Iterable[str],
    *,
    threshold: float = 0.7,
    shingle_words: int = 3,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> np.ndarray:
    """Return the row of the first text that each text is a near copy of, its own where there is none.

    Two texts are near copies when the estimated Jaccard similarity of their runs of `shingle_words` words (case and
    punctuation aside) reaches `threshold`; with 64 permutations the estimate's standard error is at most 0.0625.
    `texts` is read once; memory grows by 4 * `permutations` bytes a text, and some 60 more while bands are sorted.
    -> rows, shape (n,), int64, rows[i] <= i. The texts with rows[i] == i have no near copy before them.
    """
    made = signatures(texts, shingle_words=shingle_words, permutations=permutations, seed=seed)
    return first_copies(made, threshold)


def near_duplicates_by_embedding(unit_vectors: np.ndarray, threshold: float, *, block: int = 2_048) -> np.ndarray:
    """Return the row of the first vector whose cosine with each reaches `threshold`, its own where there is none.

    Works in products of `block` x `block`, and in time that grows with n * n.
    `unit_vectors`: shape (n, dimensions), rows of norm 1. -> rows, shape (n,), int64, rows[i] <= i.
    """
    count = len(unit_vectors)
    first = np.arange(count)
    for start in range(0, count, block):
        own = unit_vectors[start : start + block]
        open_rows = np.arange(start, start + len(own))
        for column in range(0, start + len(own), block):
            columns = np.arange(column, min(column + block, count))
            close = own[open_rows - start] @ unit_vectors[columns].T >= threshold
            close &= columns < open_rows[:, None]
            found = close.any(axis=1)
            first[open_rows[found]] = columns[close[found].argmax(axis=1)]
            open_rows = open_rows[~found]
    return first


def signatures(
    texts: Iterable[str], *, shingle_words: int = 3, permutations: int = PERMUTATIONS, seed: int = 0
) -> np.ndarray:
    """Return MinHash signatures of the texts' runs of words, shape (n, permutations), uint32."""
    from rensa import RMinHash

    made = bytearray()  # grows in place
    remaining = iter(texts)
    while batch := list(islice(remaining, _BATCH)):
        shingles = [list(_shingles(text, shingle_words)) for text in batch]
        matrix = RMinHash.digest_matrix_from_token_sets(shingles, permutations, seed)
        made += np.array(matrix.to_rows(), dtype=np.uint32).tobytes()
    return np.frombuffer(made, np.uint32).reshape(-1, permutations)


def first_copies(signatures: np.ndarray, threshold: float, *, within: np.ndarray | None = None) -> np.ndarray:
    """Do what `near_duplicates` does, from signatures; with `within`, shape (n,), ints, only rows of one value pair."""
    first = np.arange(len(signatures))
    pairs = near_pairs(signatures, threshold, within=within)
    np.minimum.at(first, pairs[:, 0], pairs[:, 1])
    return first


def near_pairs(signatures: np.ndarray, threshold: float, *, within: np.ndarray | None = None) -> np.ndarray:
    """Return pairs of near copies (row, earlier row), shape (pairs, 2): each row with the first, and with the one
    before, of those that share a band of its signature. Of three near copies of one another some pairs may be missing,
    but two that join all three are there.
    """
    count, permutations = signatures.shape
    within = np.zeros(count, np.int64) if within is None else within
    width = _band_width(permutations, threshold)
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, permutations - width + 1, width):
        rows, leaders, neighbours = _band_mates(signatures[:, start : start + width], within)
        found += [_near(signatures, rows, earlier, threshold) for earlier in (leaders, neighbours)]
    return np.unique(np.concatenate(found), axis=0)


def similarity(one: str, other: str, shingle_words: int = 3) -> float:
    """Return the Jaccard similarity that signatures estimate, exactly, in [0, 1]."""
    ours, theirs = set(_shingles(one, shingle_words)), set(_shingles(other, shingle_words))
    return len(ours & theirs) / len(ours | theirs)


def _shingles(text: str, length: int) -> Iterator[str]:
    words = _WORD.findall(text.casefold())
    if len(words) <= length:
        return iter([" ".join(words)])
    return map(" ".join, zip(*(words[start:] for start in range(length)), strict=False))


def _band_width(permutations: int, threshold: float) -> int:
    """Return the widest band, of 8, 4, 2 or 1, in one of which a pair at the threshold still meets with _RECALL."""
    for width in (8, 4, 2):
        if 1 - (1 - threshold**width) ** (permutations // width) >= _RECALL:
            return width
    return 1


def _band_mates(band: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows that are not the first with their band, the first row and the row before that have the same."""
    keys = np.zeros(len(band), np.uint64)
    for column in (*band.T, within.astype(np.uint64)):
        keys = (keys ^ column) * _MIX
        keys ^= keys >> np.uint64(32)
    order = np.argsort(keys, kind="stable")
    ranked, parent = keys[order], within[order]
    same = np.r_[False, (ranked[1:] == ranked[:-1]) & (parent[1:] == parent[:-1])] if len(band) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(same, 0, np.arange(len(band))))
    at = np.flatnonzero(same)
    return order[at], order[start[at]], order[at - 1]


def _near(signatures: np.ndarray, rows: np.ndarray, earlier: np.ndarray, threshold: float) -> np.ndarray:
    """Return the pairs, shape (pairs, 2), whose signatures agree in a share of at least `threshold`."""
    near = [
        (signatures[rows[start : start + _PAIRS]] == signatures[earlier[start : start + _PAIRS]]).mean(axis=1)
        >= threshold
        for start in range(0, len(rows), _PAIRS)
    ]
    kept = np.concatenate([np.zeros(0, bool), *near])
    return np.stack([rows[kept], earlier[kept]], axis=1)
