"""Rows and what loads an answerer in, an answer for every row out, whatever befalls the processes that give them."""

import math
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery.submit.queue.batches import Batch, batches_by_length
from prompt_recovery.submit.queue.deadline import Deadline
from prompt_recovery.submit.queue.journal import Journal
from prompt_recovery.submit.queue.progress import DEFAULT, OUT_OF_MEMORY, Progress
from prompt_recovery.submit.queue.worker import Message
from prompt_recovery.submit.queue.workers import Worker

_KILLS = 2  # a row at which its worker ended so often gets the default
_LOADS = 3  # in a row that fail, then the worker is given up
_DEATHS = 5  # in a row without an answer, then the worker is given up, unless it is the last: its GPU may be broken
_ENDING_SECONDS = 10  # that a process has to end by itself once it has said its last


@dataclass(frozen=True)
class Limits:
    """What a worker that says nothing for longer is ended for, and `until`, by `time.monotonic`, when all is over."""

    batch_size: int
    batch_seconds: float
    load_seconds: float
    until: float
    save_seconds: float = 60.0  # between two savings


def answer_all(
    pairs: pd.DataFrame,
    measure: Callable[[], Sequence[int]],
    load: Callable[[], Any],
    *,
    default: str,
    limits: Limits,
    gpus: Sequence[int | None],
    journal: Journal,
    save: Callable[[Progress], None],
) -> Progress:
    """Answer every pair by what `load` gives, in a process on each of `gpus` (None: the CPU), or by `default`.

    Processes on the CPU share its cores and are no more than there are batches.

    `pairs`: schema PAIRS. `measure`, called while the processes load, tells how much each costs its batch. `load` must
    be importable by another process; what it gives takes some pairs and returns ANSWERS. `save` gets all that is known
    now and then, and at the end, even when this function raises. Rows that are in the journal are not asked again.
    """
    progress = Progress(len(pairs), default, dict(journal.answers), rows_before=len(journal.answers))
    with tempfile.TemporaryDirectory(prefix="pairs-") as scratch:
        pairs_file = Path(scratch) / "pairs.pickle"  # what is dealt is row numbers alone: no pipe is too small for them
        pairs.to_pickle(pairs_file)
        batches = max(1, math.ceil(len(pairs) / limits.batch_size))
        places = [gpu for place, gpu in enumerate(gpus) if gpu is not None or place < batches]
        workers = [Worker(gpu, load, pairs_file, processes=len(places)) for gpu in places]
        progress.workers = [worker.told for worker in workers]
        try:
            _Dealing(list(pairs["id"]), measure(), workers, progress, limits, journal, save).run()
        finally:
            for worker in workers:
                worker.end()
            save(progress)
    return progress


class _Dealing:
    """The batches that are to be dealt, the workers, and what is done when one of them fails."""

    def __init__(
        self,
        ids: list[str],
        lengths: Sequence[int],
        workers: Sequence[Worker],
        progress: Progress,
        limits: Limits,
        journal: Journal,
        save: Callable[[Progress], None],
    ):
        self.ids, self.progress, self.limits, self.journal, self.save = ids, progress, limits, journal, save
        self.workers = workers
        self.deadline = Deadline(limits.until)
        self.pending = deque(_open_batches(batches_by_length(lengths, ids, limits.batch_size), progress))
        self.kills: Counter[int] = Counter()
        self.is_late = False
        self.failed_load = ""
        self.first_loaded: float | None = None
        self.saved = time.monotonic()

    def run(self) -> None:
        """Deal and listen until no row is left, the time is up, or no worker is."""
        try:
            while self._goes_on():
                for worker in self.workers:
                    if worker.is_idle:
                        self._deal(worker)
                wait([sign for worker in self.workers for sign in worker.signs], self._patience())
                for worker in self.workers:
                    if not worker.is_retired:
                        self._listen(worker)
                self._save_now_and_then()
        finally:
            self._count_seconds()
        late = self.is_late or not self.deadline.seconds_left
        reason = "the time was up" if late else f"no worker could load: {self.failed_load}"
        known = self.progress.answers.keys() | self.progress.reasons.keys()
        self._give_default([row for row in range(len(self.ids)) if row not in known], reason)

    def _goes_on(self) -> bool:
        at_it = any(worker.batch for worker in self.workers)
        able = any(not worker.is_retired for worker in self.workers)
        return bool(self.deadline.seconds_left and (at_it or (self.pending and able and not self.is_late)))

    def _deal(self, worker: Worker) -> None:
        if not self.pending or self.is_late:
            return
        if self.deadline.allows(self.pending[0].tokens):
            worker.deal(self.pending.popleft())
        else:
            self.is_late = True

    def _patience(self) -> float:
        """Return the seconds until something is due although no worker says anything."""
        now = time.monotonic()
        due = [worker.since + self._limit_of(worker) for worker in self.workers if not worker.is_retired]
        return max(0.0, min(self.limits.until, self.saved + self.limits.save_seconds, *due) - now)

    def _limit_of(self, worker: Worker) -> float:
        """Return how many seconds the worker has for what it is at."""
        if not worker.is_loaded:
            return self.limits.load_seconds
        return self.limits.batch_seconds if worker.batch else float("inf")

    def _listen(self, worker: Worker) -> None:
        try:
            while not worker.is_retired and (message := worker.hear()):
                self._take(worker, message)
        except EOFError:
            return self._lose(worker, worker.end(_ENDING_SECONDS))
        limit = self._limit_of(worker)
        if not worker.is_retired and time.monotonic() - worker.since > limit:
            worker.end()
            self._lose(worker, f"hung for {limit:g} s")

    def _take(self, worker: Worker, message: Message) -> None:
        batch, worker.batch = worker.batch, None
        if message.kind == "loaded":
            worker.is_loaded, worker.failed_loads = True, 0
            self.first_loaded = self.first_loaded or time.monotonic()
        elif batch is None:
            worker.end(_ENDING_SECONDS)
            self._not_loaded(worker, message.value)
        elif message.kind == "answered":
            self._take_answers(worker, batch, message)
        elif message.kind == "memory":
            self.progress.events[OUT_OF_MEMORY] += 1
            self._again(batch, batch.halves, OUT_OF_MEMORY, at_once=True)
        else:
            self._again(batch, batch.singles, message.value)

    def _take_answers(self, worker: Worker, batch: Batch, message: Message) -> None:
        worker.deaths = 0
        self.progress.batches += 1
        self.deadline.note(message.seconds, batch.tokens)
        written = []
        for single, answer in zip(batch.singles, message.value, strict=True):
            (row,) = single.rows
            if answer.text is None:
                self._again(batch, [single], answer.answered_by)
                continue
            self.progress.answers[row] = answer
            written.append({"row": row, "id": self.ids[row], "rewrite_prompt": answer.text, **_by(answer.answered_by)})
        self.journal.write(written)

    def _again(self, batch: Batch, parts: list[Batch], reason: str, *, at_once: bool = False) -> None:
        """Queue the parts of a batch that failed; a batch of one row has none, and the row gets the default."""
        if len(batch.rows) == 1:
            self._give_default(batch.rows, reason)
        elif at_once:
            self.pending.extendleft(reversed(parts))
        else:  # behind the others, which have nothing to do with it
            self.pending.extend(parts)

    def _lose(self, worker: Worker, how: str) -> None:
        """Put a new process in the place of one that has ended; the rows that it was at are queued one by one."""
        if not worker.is_loaded:
            return self._not_loaded(worker, f"it {how}")
        self.progress.events[f"a worker {how}"] += 1
        worker.deaths += 1
        for single in worker.batch.singles if worker.batch else []:
            (row,) = single.rows
            self.kills[row] += 1
            if self.kills[row] < _KILLS:
                self.pending.append(single)
            else:
                self._give_default([row], f"its worker {how}, and once before")
        others = any(not one.is_retired for one in self.workers if one is not worker)
        self._renew(worker, given_up=worker.deaths >= _DEATHS and others)

    def _not_loaded(self, worker: Worker, why: str) -> None:
        self.progress.events[f"a worker could not load: {why}"] += 1
        self.failed_load = why
        worker.failed_loads += 1
        self._renew(worker, given_up=worker.failed_loads >= _LOADS)

    def _renew(self, worker: Worker, *, given_up: bool) -> None:
        if given_up:
            worker.is_retired, worker.batch = True, None
        else:
            worker.restart()

    def _give_default(self, rows: Sequence[int], reason: str) -> None:
        self.progress.reasons |= dict.fromkeys(rows, reason)
        given = {"rewrite_prompt": self.progress.default, **_by(DEFAULT), "reason": reason}
        self.journal.write({"row": row, "id": self.ids[row], **given} for row in rows)

    def _save_now_and_then(self) -> None:
        if time.monotonic() - self.saved >= self.limits.save_seconds:
            self._count_seconds()
            self.save(self.progress)
            self.saved = time.monotonic()

    def _count_seconds(self) -> None:
        started = self.first_loaded
        self.progress.answering_seconds = round(time.monotonic() - started, 3) if started else 0.0


def _open_batches(batches: list[Batch], progress: Progress) -> list[Batch]:
    """Return the batches without the rows that are answered already."""
    left = [batch.part([row for row in batch.rows if row not in progress.answers]) for batch in batches]
    return [batch for batch in left if batch.rows]


def _by(answered_by: str) -> dict[str, str]:
    return {"answered_by": answered_by}
