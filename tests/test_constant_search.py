"""The steps of a constant search: what they keep, what they never embed, and how they are gone on with."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from prompt_recovery.engines.piece_exchanges import Exchanges
from prompt_recovery.errors import InputError
from prompt_recovery.recover.constants.constant_bound import free_vector
from prompt_recovery.recover.constants.constant_moves import (
    Edit,
    FreeMoves,
    Phrases,
    ReadableMoves,
    _applied,
    _expected_surplus,
    _learn,
    _part,
    _span,
    read_units,
)
from prompt_recovery.recover.constants.constant_search import (
    Budget,
    Place,
    Standing,
    _Pool,
    _Search,
    read_standing,
    search_text,
)
from prompt_recovery.recover.constants.constant_targets import Targets
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.wording import wording_of

PROMPTS = [
    "Rewrite the text as a poem.",
    "Rewrite the text as a letter.",
    "Turn the story into a sad poem.",
    "Turn the story into a formal letter.",
    "Make the text formal.",
    "Make it sad and short.",
    "Make it a short story.",
]
WORDS = sorted({word for prompt in PROMPTS for word in prompt.split()})
PIECES = [f" {word}" for word in "lucrarea text formal story sad plus note".split()] + ["s", "ing"]
AXES = {word: np.random.default_rng(row).normal(size=16) for row, word in enumerate([*WORDS, *PIECES])}


def embed(texts) -> np.ndarray:
    """A sum of one vector a known word, as unit vectors."""
    held = [[AXES[word] for word in text.split() if word in AXES] for text in texts]
    vectors = np.array([np.sum([*own, np.full(16, 0.01)], axis=0) for own in held])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


ASKED = ["Turn the story into a letter.", "Turn the text into a sad letter.", "Turn the text into a letter."]
TARGETS = Targets.of(dict.fromkeys(ASKED, 1.0), embed)
WORDING = wording_of(PROMPTS, embed(PROMPTS))
UNITS = tuple(dict.fromkeys([*(f" {word}" for word in WORDS), *PIECES]))
NUMBER = {unit: place for place, unit in enumerate(UNITS)}
PHRASES = Phrases(tuple(read_units(prompt, NUMBER) for prompt in PROMPTS), embed(PROMPTS))
FREE = FreeMoves(UNITS, embed([unit.strip() for unit in UNITS]), PHRASES)
SENTENCES = Phrases(tuple(map(WORDING.read, PROMPTS)), embed(PROMPTS))
READABLE = ReadableMoves(WORDING, SENTENCES, max_words=12, odd_weight=0.0)
BUDGET = Budget(candidates=400, batch=32, beam=2, patience=4)


def limited_to(pieces) -> PieceLimit:
    return PieceLimit(lambda texts: [len(text.split()) for text in texts], pieces)


def searched(moves, budget=BUDGET, pieces=20, embed=embed, **options):
    seeds = [moves.read(prompt) for prompt in PROMPTS]
    return search_text(TARGETS, seeds, moves, embed, limited_to(pieces), budget, **options)


@pytest.mark.parametrize("moves", [FREE, READABLE], ids=["free", "readable"])
def test_a_search_ends_above_every_prompt_and_below_the_bound(moves):
    found = searched(moves)
    assert found.scores[0] > TARGETS.scores(embed(PROMPTS)).max()
    bound = free_vector(TARGETS, found.vectors)
    assert bound.train_score >= found.scores.max() - 1e-6
    np.testing.assert_allclose(found.vectors, embed([moves.spell(text) for text in found.texts]), atol=1e-6)
    assert list(found.values) == sorted(found.values, reverse=True)


def test_free_texts_come_nearer_to_the_bound_than_readable_ones():
    assert searched(FREE).scores[0] > searched(READABLE).scores[0]


@pytest.mark.parametrize("moves", [FREE, READABLE], ids=["free", "readable"])
def test_no_embedded_text_is_over_the_cap_empty_or_embedded_twice(moves):
    seen = []
    found = searched(moves, pieces=7, embed=lambda texts: seen.extend(texts) or embed(texts))
    assert len(seen) == len(set(seen)) == found.embedded <= BUDGET.candidates
    assert all(1 <= len(text.split()) <= 7 for text in seen)


def test_readable_texts_have_only_neighbours_that_prompts_have():
    pairs = {pair for prompt in PROMPTS for pair in pairwise(prompt.split())}
    openings = {prompt.split()[0] for prompt in PROMPTS}
    seen = []
    searched(READABLE, embed=lambda texts: seen.extend(texts) or embed(texts))
    for text in seen:
        words = text.split()
        assert len(words) <= READABLE.max_words and words[0] in openings and words[-1].endswith(".")
        odd = set(pairwise(words)) - pairs
        assert all(first.endswith(".") and second in openings for first, second in odd)


def test_a_text_of_odd_runs_must_be_so_much_better():
    bound = ReadableMoves(WORDING, SENTENCES, 12, odd_weight=1.0)
    odd = WORDING.read("Turn the text as a letter.")
    assert WORDING.oddity(odd) == 1 and bound.cost(odd) == 1.0 and READABLE.cost(odd) == 0.0
    assert all(WORDING.oddity(text) == 0 for text in searched(bound).texts)


def test_pieces_are_joined_to_the_word_before_and_unknown_words_are_not_read():
    ends = tuple(UNITS.index(unit) for unit in (" note", "s", " plus", "ing"))
    assert FREE.spell(ends) == "notes plusing"
    assert FREE.spell(FREE.read("Make the text formal.")) == "Make the text formal."
    assert FREE.read("Make the weather formal.") is None and READABLE.read("Make it " * 20) is None


def test_edits_of_one_text_are_put_together_unless_they_touch():
    text = (0, 1, 2, 3, 4)
    assert _applied(text, [Edit(0, 1, (9,)), Edit(3, 4, ()), Edit(5, 5, (8,))]) == (9, 1, 2, 4, 8)
    assert _applied(text, [Edit(0, 1, (9,)), Edit(1, 2, (7,)), Edit(1, 1, (6,))]) == (9, 1, 2, 3, 4)
    assert Edit(1, 4, (3, 2, 1)).of(text) == (0, 3, 2, 1, 4)


def test_a_span_and_a_part_lie_within_the_text_and_the_phrase():
    rng = np.random.default_rng(0)
    spans = {_span(5, 3, rng) for _ in range(300)}
    assert spans == {(start, stop) for start in range(6) for stop in range(start, min(start + 3, 5) + 1)}
    parts = {_part((7, 8, 9), rng) for _ in range(100)}
    assert parts == {(7,), (8,), (9,), (7, 8), (8, 9), (7, 8, 9)}


def test_phrases_are_drawn_from_where_the_score_rises():
    phrases = Phrases(tuple((row,) for row in range(100)), np.eye(100, dtype=np.float32))
    wanted = np.where(np.arange(100) < 20, 1.0, 0.0)
    drawn = phrases.drawn(wanted, 10, np.random.default_rng(0))
    assert len(set(drawn)) == 10 and sum(row < 20 for row in drawn) >= 8
    assert Phrases((), np.zeros((0, 100))).drawn(wanted, 10, np.random.default_rng(0)) == []


def exchanges(text, direction) -> Exchanges:
    """For each word all others, the first being what adds most to a sum in that direction."""
    order = sorted(WORDS, key=lambda word: -float(AXES[word] @ direction))
    pieces = text.split()
    others = [[other for other in order if other != word][: len(WORDS) - 1] for word in pieces]
    here = [AXES.get(word, np.zeros(16)) for word in pieces]
    worth = [[float((AXES[other] - own) @ direction) for other in new] for own, new in zip(here, others, strict=True)]
    spelt = tuple(tuple(f" {word}" for word in own) for own in others)
    return Exchanges(tuple(f" {word}" for word in pieces), spelt, np.array(worth))


EXCHANGING = replace(FREE, exchanges=exchanges)


def test_exchanges_are_of_one_piece_and_begin_with_those_that_promise_most():
    text, rng = FREE.read("Make the text formal."), np.random.default_rng(0)
    own, edits = EXCHANGING._exchanged(text, AXES["poem."], 20, rng)
    assert own == text and len(edits) == 20
    assert all(edit.stop == edit.start + 1 and len(edit.new) == 1 for edit in edits)
    assert sum(FREE.spell(edit.new) == "poem." for edit in edits) == len(text)


def test_a_text_is_exchanged_in_the_embedders_pieces_unless_one_is_no_unit():
    def in_pieces(text, direction):
        found = exchanges(text, direction)
        return replace(found, pieces=(" note", "s", *found.pieces[2:]))

    text, rng = FREE.read("Make the text formal."), np.random.default_rng(0)
    own, _ = replace(FREE, exchanges=in_pieces)._exchanged(text, AXES["poem."], 4, rng)
    assert FREE.spell(own) == "notes text formal."
    unknown = lambda text, direction: replace(exchanges(text, direction), pieces=("?",) * 4)  # noqa: E731
    assert replace(FREE, exchanges=unknown)._exchanged(text, AXES["poem."], 4, rng) == (text, [])


def tried_in_a_step(moves, step: int) -> set[int]:
    """Return the units that came into a text of one word, beyond the first four."""
    text = (NUMBER[" poem."],)
    standing = Standing([text], embed([moves.spell(text)]), np.zeros(1), np.zeros(1), step=step)
    seen = set()
    evaluate = lambda texts, most: seen.update(*texts) or np.zeros(len(texts))  # noqa: E731
    moves.step(standing, lambda vector: np.ones(16), evaluate, BUDGET)
    return seen - set(text)


def test_units_without_a_vector_come_in_with_phrases_or_exchanges_alone_and_phrases_at_first_alone():
    few = replace(FREE, vectors=FREE.vectors[:4])
    assert tried_in_a_step(few, step=0) > set(range(4)) == tried_in_a_step(few, step=20)
    assert tried_in_a_step(replace(few, exchanges=exchanges), step=20) > set(range(4))


def test_a_search_that_exchanges_pieces_gains_sooner():
    few = replace(BUDGET, candidates=80)
    assert searched(EXCHANGING, few).scores[0] > searched(FREE, few).scores[0]


def test_what_a_unit_gained_in_a_text_is_remembered_and_the_untried_are_like_the_tried():
    standing = Standing([], *[np.zeros(0)] * 3, surplus=np.zeros(4), tried=np.zeros(4))
    assert list(_expected_surplus(standing)) == [0.0] * 4
    edits = [Edit(0, 0, (1,)), Edit(0, 1, (2,)), Edit(0, 1, ()), Edit(0, 0, (3, 3))]
    _learn(standing, (0, 0), edits, np.array([0.5, -0.25, 9.0, 9.0]), promised=np.array([0.5, 0.0, 0.0, 0.0]))
    np.testing.assert_allclose(standing.surplus, [0.0, 1.0, 0.0, 0.0])  # 2 * 0.5; 2 * -0.25 less the promised -0.5
    assert list(standing.tried) == [0, 1, 1, 0]
    expected = _expected_surplus(standing)
    assert expected[1] > expected[0] == expected[3] > expected[2] and expected[0] == pytest.approx(0.5)


@pytest.mark.parametrize("moves", [FREE, READABLE], ids=["free", "readable"])
def test_candidates_are_embedded_in_big_batches(moves):
    sizes = []
    found = searched(moves, embed=lambda texts: sizes.append(len(texts)) or embed(texts))
    assert len(sizes) <= 1 + (BUDGET.beam + 1) * found.step and max(sizes) >= BUDGET.batch // BUDGET.beam
    assert sum(sizes) == found.embedded


@pytest.mark.parametrize("pieces", [20, 3])
def test_pieces_are_counted_of_no_more_texts_than_it_takes_to_fill_a_batch(pieces):
    texts = [(0, 1, 2, row)[row % 4 :] for row in range(len(UNITS))]
    short = [text for text in texts if len(FREE.spell(text).split()) <= pieces]
    counted, embedded = [], []
    limit = PieceLimit(lambda own: counted.extend(own) or [len(text.split()) for text in own], pieces)
    nothing = Standing([], *[np.zeros(0)] * 3)
    pool = _Pool(_Search(TARGETS, FREE, lambda own: embedded.extend(own) or embed(own), limit, BUDGET, nothing))
    values = pool.evaluate(texts, 8)
    assert embedded == [FREE.spell(text) for text in short[:8]] and np.isfinite(values).sum() == 8
    assert counted == [FREE.spell(text) for text in texts[: texts.index(short[7]) + 1]]


def test_numpy_takes_one_thread_while_a_search_runs_and_all_of_them_afterwards():
    def threads() -> list[int]:
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    with threadpool_limits(2, "blas"):
        before, seen = threads(), []
        searched(FREE, embed=lambda texts: seen.extend(threads()) or embed(texts))
        assert set(seen) == {1} and threads() == before


def test_the_best_so_far_is_shown_after_each_step_and_never_gets_worse():
    shown = []
    found = searched(FREE, show=lambda standing: shown.append((standing.step, float(standing.values[0]))))
    assert [step for step, _ in shown] == list(range(found.step + 1))
    assert [value for _, value in shown] == sorted(value for _, value in shown)


@pytest.mark.parametrize("moves", [FREE, READABLE], ids=["free", "readable"])
def test_a_search_that_was_cut_off_goes_on_to_the_same_end(tmp_path, moves):
    place = Place(tmp_path / "states" / "one.npz", "key")
    undisturbed = searched(moves)

    def stop(standing):
        if standing.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        searched(moves, place=place, show=stop)
    assert read_standing(place).step == 2
    calls = []
    resumed = searched(moves, place=place, embed=lambda texts: calls.append(len(texts)) or embed(texts))
    assert resumed.texts == undisturbed.texts and resumed.embedded == undisturbed.embedded
    np.testing.assert_array_equal(resumed.scores, undisturbed.scores)
    assert sum(calls) < undisturbed.embedded


def test_a_state_of_another_search_is_not_gone_on_from(tmp_path):
    place = Place(tmp_path / "one.npz", "key")
    searched(FREE, place=place)
    assert read_standing(place) and read_standing(Place(place.file, "another key")) is None
    assert read_standing(Place(tmp_path / "none.npz", "key")) is None


@pytest.mark.parametrize("content", [b"", b"PK no archive", b"{}"])
def test_a_file_that_is_no_state_is_named(tmp_path, content):
    (tmp_path / "one.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"one.npz: is no standing of a constant search. Delete it"):
        read_standing(Place(tmp_path / "one.npz", "key"))


def test_a_search_whose_seeds_are_all_too_long_says_so():
    with pytest.raises(InputError, match="none of 7 first texts is within 2 pieces"):
        searched(FREE, pieces=2)


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on_to_the_same_end(tmp_path):
    script = textwrap.dedent(f"""
        import sys, time; sys.path.insert(0, {str(os.path.dirname(__file__))!r})
        from pathlib import Path
        from test_constant_search import FREE, Place, searched
        place = Place(Path({str(tmp_path)!r}) / "one.npz", "key")
        found = searched(FREE, place=place, show=lambda standing: time.sleep(0.2 if len(sys.argv) > 1 else 0))
        print(found.texts, found.scores.tolist(), found.embedded)
    """)
    started = subprocess.Popen([sys.executable, "-c", script, "slowly"], start_new_session=True)
    for _ in range(300):
        if (tmp_path / "one.npz").exists():
            break
        time.sleep(0.1)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    resumed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    found = searched(FREE)
    assert resumed.strip() == f"{found.texts} {found.scores.tolist()} {found.embedded}"
