"""Row numbers in, answers out: the process that holds one loaded answerer, one GPU its own."""

import gc
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from prompt_recovery.manifest import peak_memory
from prompt_recovery.submit.queue.accepted import accepted

Answerer = Callable[[pd.DataFrame], pd.DataFrame]
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "ALLOC_FAILED")  # of torch's, CUDA's and cuBLAS's errors


class Message(NamedTuple):
    """What a worker says of its loading or of a batch."""

    kind: str  # loaded, answered, memory, error
    value: Any  # the answers of a batch, or what went wrong
    seconds: float
    peak_memory_bytes: int
    peak_gpu_bytes: int


def serve(connection: Connection, load: Callable[[], Answerer], pairs_file: Path) -> None:
    """Load the answerer, then answer batches of rows until the other end closes; what fails is said, not raised.

    An error that leaves the GPU unusable for this process ends it.
    """
    pairs: pd.DataFrame = pd.read_pickle(pairs_file)
    loaded = _attempt(load, "loaded")
    answerer = loaded.value
    if loaded.kind != "loaded":
        return connection.send(loaded)
    connection.send(loaded._replace(value=None))
    while True:
        try:
            rows = connection.recv()
        except EOFError:  # the other end is gone
            return None
        asked = pairs.iloc[rows].reset_index(drop=True)
        message = _attempt(lambda asked=asked: accepted(answerer(asked), list(asked["id"])), "answered")
        if message.kind == "memory":
            _free_memory()
        connection.send(message)


def _attempt(action: Callable[[], Any], kind: str) -> Message:
    started = time.monotonic()
    try:
        value = action()
    except Exception as error:  # a row that no code foresaw must not cost the others theirs: named, counted, reported
        kind, value = ("memory" if _is_memory(error) else "error"), _told(error)
        if kind == "error" and _spoils_gpu(error):
            raise
    return Message(kind, value, time.monotonic() - started, peak_memory(), _peak_gpu_bytes())


def _is_memory(error: Exception) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    told = str(error)
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or any(words in told for words in _MEMORY_WORDS)


def _spoils_gpu(error: Exception) -> bool:
    """After these every further call of the process fails."""
    return type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error)


def _told(error: Exception) -> str:
    first_line = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line[:300]}"


def _free_memory() -> None:
    gc.collect()
    if "torch" in sys.modules:
        from prompt_recovery.engines.gpu import free_gpu_memory

        free_gpu_memory()


def _peak_gpu_bytes() -> int:
    if "torch" not in sys.modules:
        return 0
    from prompt_recovery.engines.gpu import peak_gpu_bytes

    return peak_gpu_bytes()
