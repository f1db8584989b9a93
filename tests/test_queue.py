"""The queue, with real processes: every row gets an answer, whatever befalls those who give them."""

import json
import multiprocessing
import os
import time
from collections import Counter
from functools import partial

import pandas as pd
import pytest
from answer_functions import load_at_second_try, load_faulty, load_never, load_noting, load_plain, load_slow_rows

from prompt_recovery.cores import count_cores
from prompt_recovery.submit.queue.dealing import Limits, answer_all
from prompt_recovery.submit.queue.journal import Journal, answers_written


def pairs_of(count: int) -> pd.DataFrame:
    numbers = range(count)
    return pd.DataFrame({
        "id": [f"r{n}" for n in numbers], "original_text": [f"text {n}" for n in numbers], "rewritten_text": "x",
    })  # fmt: skip


def answer(folder, load, count=12, *, workers=1, seconds=90.0, **limits):
    """Run the queue on `count` rows of lengths 1, 2, 3 ... -> its progress, and all that was saved."""
    saved, journal = [], Journal(folder / "answers.jsonl", "these")
    given = {"batch_size": 4, "batch_seconds": 20.0, "load_seconds": 60.0, "until": time.monotonic() + seconds}
    progress = answer_all(
        pairs_of(count),
        lambda: range(1, count + 1),
        load,
        default="The default.",
        limits=Limits(**given | limits),
        gpus=[None] * workers,
        journal=journal,
        save=lambda progress: saved.append(progress.texts()),
    )
    assert saved[-1] == progress.texts() and len(progress.texts()) == count
    return progress, saved


def noted(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "noted.jsonl").read_text().splitlines()]


def defaults(progress) -> set[str]:
    return {f"r{row}" for row, text in enumerate(progress.texts()) if text == "The default."}


def assert_the_others_have_their_own(progress):
    own = [text for text in progress.texts() if text != "The default."]
    assert own == [f"Do: text {n}" for n in range(progress.rows) if f"r{n}" not in defaults(progress)]


def test_rows_are_answered_in_batches_of_like_lengths_the_longest_first(tmp_path):
    progress, _ = answer(tmp_path, partial(load_noting, tmp_path), 10)
    assert progress.texts() == [f"Do: text {n}" for n in range(10)]
    batches = [one["ids"] for one in noted(tmp_path)]
    assert batches == [["r9", "r8", "r7", "r6"], ["r5", "r4", "r3", "r2"], ["r1", "r0"]]
    assert progress.problems == [] and progress.report()["answered"] == {"model": 10, "default": 0}
    assert {one["TQDM_DISABLE"] for one in noted(tmp_path)} == {"1"} and "TQDM_DISABLE" not in os.environ


def test_workers_share_the_rows_and_each_has_a_gpu_of_its_own(tmp_path):
    pairs, load = pairs_of(40), partial(load_noting, tmp_path)
    limits = Limits(2, 20.0, 60.0, time.monotonic() + 60)
    journal = Journal(tmp_path / "answers.jsonl", "these")
    given = {"default": "d", "limits": limits, "gpus": [0, 1], "journal": journal, "save": lambda progress: None}
    progress = answer_all(pairs, lambda: [1] * 40, load, **given)
    assert progress.texts() == [f"Do: text {n}" for n in range(40)]
    of_process = Counter((one["pid"], one["CUDA_VISIBLE_DEVICES"]) for one in noted(tmp_path))
    assert sorted(gpu for _, gpu in of_process) == ["0", "1"] and sum(of_process.values()) == 20
    assert [(one["gpu"], one["starts"]) for one in progress.workers] == [(0, 1), (1, 1)]
    assert sum(one["rows"] for one in progress.workers) == 40 and min(one["rows"] for one in progress.workers) > 4
    assert progress.report()["peak_memory_bytes"] > 10**7 and progress.report()["rows_per_second"] > 0


@pytest.mark.slow
def test_workers_on_the_cpu_have_equal_shares_of_the_cores_and_are_no_more_than_batches(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    load = partial(load_noting, tmp_path)
    progress, _ = answer(tmp_path, load, 40, workers=2)
    assert [one["starts"] for one in progress.workers] == [1, 1]
    (tmp_path / "answers.jsonl").unlink()
    progress, _ = answer(tmp_path, load, 4, workers=2)
    assert len(progress.workers) == 1
    assert [one["OMP_NUM_THREADS"] for one in noted(tmp_path)] == [str(max(1, count_cores() // 2))] * 10 + [None]
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    (tmp_path / "answers.jsonl").unlink()
    answer(tmp_path, load, 8, workers=2)
    assert {one["OMP_NUM_THREADS"] for one in noted(tmp_path)[11:]} == {"7"}  # what the user has set stands


PLAN = {"r31": "error", "r26": "kill", "r22": "once", "r19": "hang", "r17": "memory2", "r14": "memory", "r11": "nan",
        "r10": "lines", "r6": "cuda", "r3": "long", "r0": "ids"}  # fmt: skip
CURED = {"r22", "r17"}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty")
    return folder, answer(folder, partial(load_faulty, folder, PLAN), 33, workers=2, batch_seconds=1.5)[0]


@pytest.mark.slow
def test_only_poison_rows_get_the_default_whatever_befalls(faulty):
    _, progress = faulty
    assert defaults(progress) == PLAN.keys() - CURED
    assert_the_others_have_their_own(progress)


@pytest.mark.slow
def test_each_default_has_its_reason_in_report_and_journal(faulty):
    folder, progress = faulty
    reasons = {f"r{row}": reason for row, reason in progress.reasons.items()}
    assert reasons.keys() == PLAN.keys() - CURED
    expected = {
        "r31": "KeyError: 'poison in row r31'",
        "r26": "its worker ended by SIGKILL, and once before",
        "r19": "its worker hung for 1.5 s, and once before",
        "r14": "out of memory",
        "r11": "the answer is empty or reads as null",
        "r10": "the answer has several lines",
        "r6": "its worker ended with code 1, and once before",
        "r3": "the answer has over 10000 characters",
        "r0": "ValueError: answers are of other rows than those that were asked for",
    }
    assert reasons == expected
    assert progress.report()["default_reasons"] == dict(Counter(expected.values()))
    rows = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()[1:]]
    assert {row["id"]: row["reason"] for row in rows if "reason" in row} == expected


@pytest.mark.slow
def test_what_befell_the_workers_is_counted_and_a_halved_batch_is_no_problem(faulty):
    _, progress = faulty
    ended = {event: count for event, count in progress.events.items() if event.startswith("a worker")}
    assert ended == {
        "a worker ended by SIGKILL": 3, "a worker hung for 1.5 s": 2, "a worker ended with code 1": 2,
    }  # fmt: skip
    assert progress.events["out of memory"] >= 3
    assert not any("times: out of memory" in problem for problem in progress.problems)
    assert "1 of 33 rows got the default: out of memory" in progress.problems
    assert sum(worker["starts"] for worker in progress.workers) >= 2 + 6


@pytest.mark.slow
def test_the_journal_is_enough_to_make_the_submission_again(faulty):
    folder, progress = faulty
    written = answers_written(folder / "answers.jsonl", "these")
    assert written == progress.answers
    assert sorted(written) == [row for row in range(33) if row not in progress.reasons]


def test_rows_in_the_journal_are_not_asked_again(tmp_path):
    first, _ = answer(tmp_path, partial(load_faulty, tmp_path, {"r5": "error"}), 12)
    assert defaults(first) == {"r5"}
    second, _ = answer(tmp_path, partial(load_noting, tmp_path), 12)
    assert [one["ids"] for one in noted(tmp_path)] == [["r5"]]
    assert second.texts() == [f"Do: text {n}" for n in range(12)]
    assert second.report()["rows_per_second"] < 100  # of the one row alone


@pytest.mark.slow
def test_at_the_deadline_the_rest_gets_the_default_at_once(tmp_path):
    started = time.monotonic()
    progress, saved = answer(tmp_path, partial(load_slow_rows, 0.3), 400, seconds=5.0, save_seconds=1.0)
    assert time.monotonic() - started < 7
    assert 4 <= 400 - len(progress.reasons) < 100
    assert set(progress.reasons.values()) == {"the time was up"}
    assert_the_others_have_their_own(progress)
    known = [400 - texts.count("The default.") for texts in saved]
    assert len(saved) >= 3 and known == sorted(known) and known[0] < known[-1]


@pytest.mark.slow
def test_a_batch_that_is_under_way_at_the_deadline_is_ended(tmp_path):
    started = time.monotonic()
    progress, _ = answer(tmp_path, partial(load_slow_rows, 60.0), 8, seconds=3.0, batch_seconds=100.0)
    assert 3 <= time.monotonic() - started < 6
    assert set(progress.reasons.values()) == {"the time was up"} and len(progress.reasons) == 8


@pytest.mark.slow
def test_a_worker_that_never_loads_is_given_up_and_every_row_has_its_reason(tmp_path):
    progress, _ = answer(tmp_path, partial(load_never, "the adapter is torn\nin two"), 5)
    assert progress.report()["default_reasons"] == {"no worker could load: ValueError: the adapter is torn": 5}
    assert progress.events == {"a worker could not load: ValueError: the adapter is torn": 3}
    assert progress.workers[0]["starts"] == 3


@pytest.mark.slow
def test_a_worker_that_hangs_or_is_killed_while_it_loads_is_started_again(tmp_path):
    progress, _ = answer(tmp_path, partial(load_at_second_try, tmp_path), 5)
    assert progress.texts() == [f"Do: text {n}" for n in range(5)]
    assert progress.problems == ["1 times: a worker could not load: it ended by SIGKILL"]


@pytest.mark.slow
def test_a_loading_that_takes_too_long_hangs(tmp_path):
    progress, _ = answer(tmp_path, partial(load_faulty, tmp_path, {}, load_seconds=60.0), 5, load_seconds=0.3)
    assert progress.report()["default_reasons"] == {"no worker could load: it hung for 0.3 s": 5}


@pytest.mark.slow
def test_a_slow_start_is_waited_for_and_no_time_of_answering(tmp_path):
    progress, _ = answer(tmp_path, partial(load_faulty, tmp_path, {}, load_seconds=1.5), 4, batch_seconds=1.0)
    assert progress.problems == [] and progress.workers[0]["load_seconds"] >= 1.5
    assert progress.answering_seconds < 1.5


def test_what_is_raised_ends_the_workers_after_all_was_saved(tmp_path):
    calls = []

    def save(progress):
        calls.append(len(progress.answers))
        if len(calls) == 1:
            raise OSError("no space left on device")

    limits = Limits(2, 20.0, 60.0, time.monotonic() + 60, save_seconds=0.0)
    given = {"default": "d", "limits": limits, "gpus": [None], "save": save}
    with pytest.raises(OSError, match="no space left"):
        answer_all(pairs_of(6), lambda: [1] * 6, load_plain, journal=Journal(tmp_path / "j", "x"), **given)
    assert len(calls) == 2


def test_rows_are_measured_while_the_processes_load_and_these_are_ended_when_that_fails(tmp_path):
    loading, saved = [], []

    def measure():
        loading.extend(multiprocessing.active_children())
        raise OSError("the tokeniser is gone")

    limits, journal = Limits(2, 20.0, 60.0, time.monotonic() + 60), Journal(tmp_path / "j", "x")
    given = {"default": "d", "limits": limits, "gpus": [None, None], "journal": journal, "save": saved.append}
    with pytest.raises(OSError, match="tokeniser"):
        answer_all(pairs_of(6), measure, load_plain, **given)
    assert len(loading) == 2 and not any(process.is_alive() for process in loading)
    assert [progress.texts() for progress in saved] == [["d"] * 6]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_with_any_faults_only_poison_rows_get_the_default(tmp_path, seed):
    import random

    draw = random.Random(seed)
    kinds = ("once", "kill", "hang", "error", "memory", "memory2", "nan", "empty", "lines", "long", "null", "ids",
             "count", "frame", "cuda")  # fmt: skip
    plan = {f"r{row}": draw.choice(kinds) for row in draw.sample(range(60), 12)}
    load = partial(load_faulty, tmp_path, plan)
    progress, _ = answer(tmp_path, load, 60, workers=draw.choice((1, 2)), batch_size=draw.choice((3, 8)),
                         batch_seconds=1.5)  # fmt: skip
    poison = {row for row, kind in plan.items() if kind not in ("once", "memory2")}
    assert defaults(progress) == poison == {f"r{row}" for row in progress.reasons}
    assert_the_others_have_their_own(progress)
