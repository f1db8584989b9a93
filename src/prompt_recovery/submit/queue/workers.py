"""A GPU in, a process that answers on it out: started, dealt a batch, listened to, ended, started again."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prompt_recovery.cores import count_cores
from prompt_recovery.submit.queue.batches import Batch
from prompt_recovery.submit.queue.worker import Message, serve

_SPAWN = multiprocessing.get_context("spawn")  # a forked process cannot use CUDA


class Worker:
    """One process after another on one GPU, or on the CPU with the share of its cores that one of `processes` has.

    `batch`: what it is at, None while it loads or waits for one.
    """

    def __init__(self, gpu: int | None, load: Callable[[], Any], pairs_file: Path, *, processes: int = 1):
        self.gpu, self._task, self._processes = gpu, (load, pairs_file), processes
        self.batch: Batch | None = None
        self.is_loaded = self.is_retired = False
        self.since = time.monotonic()  # when it began with what it is at
        self.failed_loads = self.deaths = 0  # one after the other
        self.told: dict[str, Any] = {"gpu": gpu, "starts": 0, "batches": 0, "rows": 0, "load_seconds": None}
        self.told |= {"busy_seconds": 0.0, "peak_memory_bytes": 0, "peak_gpu_bytes": 0}
        self._start()

    def _start(self) -> None:
        self._connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=serve, args=(theirs, *self._task), daemon=True)
        # a bar a batch would be most of the notebook's output
        with _environment({"TQDM_DISABLE": "1"} | self._own_part()):
            self._process.start()
        theirs.close()  # else its end would not be seen
        self.batch, self.is_loaded, self.since = None, False, time.monotonic()
        self.told["starts"] += 1

    def _own_part(self) -> dict[str, str]:
        """Return by which variables the process sees its own part of the machine alone."""
        if self.gpu is not None:
            return {"CUDA_VISIBLE_DEVICES": str(self.gpu)}
        if self._processes == 1 or "OMP_NUM_THREADS" in os.environ:
            return {}
        return {"OMP_NUM_THREADS": str(max(1, count_cores() // self._processes))}

    @property
    def is_idle(self) -> bool:
        """Say whether it waits for a batch."""
        return self.is_loaded and self.batch is None and not self.is_retired

    @property
    def signs(self) -> list[Any]:
        """Return what `multiprocessing.connection.wait` can wait for: its messages and its end."""
        return [] if self.is_retired else [self._connection, self._process.sentinel]

    def deal(self, batch: Batch) -> None:
        """Give it a batch to answer. A process that has ended meanwhile is noticed when it is listened to."""
        self.batch, self.since = batch, time.monotonic()
        with suppress(OSError):
            self._connection.send(list(batch.rows))

    def hear(self) -> Message | None:
        """Return its next message, if there is one. Raises EOFError when it has ended and said all."""
        ended = not self._process.is_alive()  # asked first: what it said before its end can be read after it
        try:
            if self._connection.poll():
                message: Message = self._connection.recv()
                self._take_note(message)
                return message
        except OSError as error:  # it ended within a message
            raise EOFError from error
        if ended:
            raise EOFError
        return None

    def end(self, wait_seconds: float = 0) -> str:
        """Wait for the process to end by itself, then end it -> how it ended, if it did so by itself."""
        self._process.join(wait_seconds)
        code = self._process.exitcode
        self._process.kill()
        self._process.join()
        self._connection.close()
        return "was stopped" if code is None else _ending(code)

    def restart(self) -> None:
        """Put a new process in the place of the one that ended."""
        self._start()

    def _take_note(self, message: Message) -> None:
        for key in ("peak_memory_bytes", "peak_gpu_bytes"):
            self.told[key] = max(self.told[key], getattr(message, key))
        if message.kind == "loaded":
            self.told["load_seconds"] = round(message.seconds, 1)
        elif self.is_loaded:
            self.told["batches"] += 1
            self.told["busy_seconds"] = round(self.told["busy_seconds"] + message.seconds, 3)
            self.told["rows"] += len(self.batch.rows) if message.kind == "answered" and self.batch else 0


def _ending(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
