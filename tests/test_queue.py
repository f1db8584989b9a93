"""The queue, with real processes: every row gets an answer, whatever befalls those who give them."""

import json
import time
from functools import partial

import pandas as pd
import pytest
from answer_functions import load_at_second_try, load_faulty, load_never, load_noting, load_plain, load_slow_rows

from prompt_recovery.submit.queue.dealing import Limits, answer_all
from prompt_recovery.submit.queue.journal import Journal, answers_written


def pairs_of(count: int) -> pd.DataFrame:
    numbers = range(count)
    return pd.DataFrame({
        "id": [f"r{n}" for n in numbers], "original_text": [f"text {n}" for n in numbers], "rewritten_text": "x",
    })  # fmt: skip


def answer(folder, load, count=12, *, workers=1, batch_size=4, seconds=60.0, batch_seconds=20.0, **limits):
    """Run the queue on `count` rows of lengths 1, 2, 3 ... -> its progress, and all that was saved."""
    saved = []
    limits = Limits(batch_size, batch_seconds, time.monotonic() + seconds, **limits)
    progress = answer_all(
        pairs_of(count),
        range(1, count + 1),
        load,
        default="The default.",
        limits=limits,
        gpus=[None] * workers,
        journal=Journal(folder / "answers.jsonl", "these"),
        save=lambda progress: saved.append(progress.texts()),
    )
    assert saved[-1] == progress.texts()
    return progress, saved


def defaults(progress) -> set[str]:
    return {f"r{row}" for row, text in enumerate(progress.texts()) if text == "The default."}


def test_rows_are_answered_in_batches_of_like_lengths_the_longest_first(tmp_path):
    progress, _ = answer(tmp_path, partial(load_noting, tmp_path), 10)
    assert progress.texts() == [f"Do: text {n}" for n in range(10)]
    noted = [json.loads(line) for line in (tmp_path / "noted.jsonl").read_text().splitlines()]
    assert [one["ids"] for one in noted] == [["r9", "r8", "r7", "r6"], ["r5", "r4", "r3", "r2"], ["r1", "r0"]]
    assert progress.problems == [] and progress.report()["answered"] == {"model": 10, "default": 0}
