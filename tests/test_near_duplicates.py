import random
from collections.abc import Iterator

import numpy as np
import pytest

from prompt_recovery.data.cleaning.near_duplicates import (
    first_copies,
    near_duplicates,
    near_duplicates_by_embedding,
    near_pairs,
    signatures,
    similarity,
)

WORDS = [f"word{number}" for number in range(3_000)]


def text(rng: random.Random, length: int = 100) -> str:
    return " ".join(rng.choices(WORDS, k=length))


def edited(original: str, rng: random.Random, edits: int) -> str:
    words = original.split()
    for place in rng.sample(range(len(words)), edits):
        words[place] = "edited"
    return " ".join(words)


def spoilt(original: str, every: int) -> str:
    return " ".join("x" if place % every == 3 else word for place, word in enumerate(original.split()))


def test_every_copy_finds_the_first_of_its_kind():
    rng = random.Random(0)
    texts, truth = [], []
    for row in range(3_000):
        source = rng.randrange(row) if row % 5 == 4 else row
        source = truth[source] if source < row else row
        texts.append(text(rng) if source == row else edited(texts[source], rng, 2))
        truth.append(source)
    found = near_duplicates(texts, threshold=0.7)
    assert found.dtype == np.int64
    assert (found == np.array(truth)).mean() > 0.995
    assert all(found[row] == row for row in range(3_000) if truth[row] == row)


def test_the_threshold_is_a_similarity_of_runs_of_words():
    rng = random.Random(1)
    originals = [text(rng) for _ in range(200)]
    # n edits far apart change 3n of 98 runs: a Jaccard similarity of (98 - 3n) / (98 + 3n), 0.73 for 5, 0.34 for 16
    for edits, expected in ((5, 0.9), (16, 0.0)):
        copies = [spoilt(one, every=99 // edits) for one in originals]
        found = near_duplicates(originals + copies, threshold=0.6)[200:]
        assert (found == np.arange(200)).mean() == pytest.approx(expected, abs=0.1)


def test_case_and_punctuation_do_not_tell_texts_apart():
    texts = ["The ferry leaves at nine.", "the  FERRY leaves -- at nine!", "The ferry sails at ten."]
    assert near_duplicates(texts, threshold=0.9).tolist() == [0, 0, 2]


def test_short_and_empty_texts_are_compared_whole():
    assert near_duplicates(["", "Hi", "hi!", "", "Ho"], threshold=0.7).tolist() == [0, 1, 1, 0, 4]
    assert near_duplicates([], threshold=0.7).tolist() == []
    assert near_duplicates(["one"], threshold=0.7).tolist() == [0]


def test_texts_are_read_once_and_one_batch_at_a_time():
    def stream() -> Iterator[str]:
        rng = random.Random(2)
        yield from (text(rng, 20) for _ in range(4_100))
        yield text(random.Random(2), 20)

    assert near_duplicates(stream(), threshold=0.7).tolist() == [*range(4_100), 0]


def test_a_chain_names_the_first_near_row_not_the_end_of_the_chain():
    rng = random.Random(3)
    one = text(rng)
    two = edited(one, rng, 6)
    three = edited(two, rng, 6)
    assert near_duplicates([one, two, three], threshold=0.62).tolist() in ([0, 0, 1], [0, 0, 0])


@pytest.mark.parametrize("threshold", [0.4, 0.6, 0.8, 0.95])
def test_a_low_threshold_gets_narrower_bands_and_still_finds_exact_copies(threshold):
    rng = random.Random(4)
    texts = [text(rng, 30) for _ in range(100)]
    assert near_duplicates(texts + texts, threshold=threshold).tolist() == [*range(100), *range(100)]


def test_the_seed_alone_decides():
    rng = random.Random(5)
    texts = [text(rng, 12) for _ in range(300)]
    texts += [edited(one, rng, 1) for one in texts]
    one, same = (near_duplicates(texts, threshold=0.6, seed=7) for _ in range(2))
    assert (one == same).all()


def brute_force(vectors: np.ndarray, threshold: float) -> list[int]:
    close = vectors @ vectors.T >= threshold
    return [int(np.flatnonzero(close[row, : row + 1] | (np.arange(row + 1) == row))[0]) for row in range(len(vectors))]


@pytest.mark.parametrize("block", [1, 7, 64, 1_000])
def test_vectors_in_blocks_give_what_all_pairs_give(block):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = near_duplicates_by_embedding(vectors, 0.8, block=block)
    assert found.tolist() == brute_force(vectors, 0.8)
    assert (found < np.arange(200)).sum() > 20


def test_no_vectors_have_no_copies():
    assert near_duplicates_by_embedding(np.empty((0, 4), np.float32), 0.9).tolist() == []


def test_only_rows_of_one_value_pair():
    texts = ["The ferry leaves at nine.", "The ferry leaves at nine!", "The ferry leaves, at nine."]
    found = first_copies(signatures(texts), 0.7, within=np.array([4, 5, 4]))
    assert found.tolist() == [0, 1, 0]


def test_pairs_join_a_text_to_every_kind_of_its_copies():
    rng = random.Random(4)
    middle, before, after = text(rng, 120), text(rng, 18), text(rng, 18)
    made = signatures([f"{middle} {after}", f"{before} {middle}", middle])  # 0 and 1 share 118 of 154 runs: 0.77
    assert near_pairs(made, 0.81).tolist() == [[2, 0], [2, 1]]
    assert first_copies(made, 0.81).tolist() == [0, 1, 0]


def test_the_similarity_is_of_runs_of_three_words():
    assert similarity("one two three four", "One, two three; four five") == pytest.approx(2 / 3)
    assert similarity("", "") == 1
