"""Functions that answer pairs, for queues under test: spawned processes import them, so they stand in a module."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd


def answered(pairs: pd.DataFrame) -> pd.DataFrame:
    """Answer every pair by its own original text."""
    return pd.DataFrame({"id": pairs["id"], "rewrite_prompt": "Do: " + pairs["original_text"], "answered_by": "model"})


def load_plain():
    return answered


class OutOfMemoryError(RuntimeError):
    """As torch names its own."""


def load_faulty(folder: Path, plan: dict[str, str], load_seconds: float = 0.0):
    """Load what meets the faults of a plan: by a row's id, what befalls the process that answers it.

    once: the process is killed at the row's first asking; kill, hang, error, memory: at every one; cuda: an error after
    which a GPU is of no more use; memory2: as long as the batch has more than 2 rows; nan, empty, lines, long: such an
    answer; ids, count, frame: a wrong table.
    """
    time.sleep(load_seconds)
    return lambda pairs: _meet(folder, plan, pairs)


def load_never(why: str):
    raise ValueError(why)


def load_at_second_try(folder: Path):
    if _is_first(folder / "tried"):
        os.kill(os.getpid(), signal.SIGKILL)
    return answered


def load_slow_rows(seconds: float):
    """Load what takes so long for each batch."""
    return lambda pairs: time.sleep(seconds) or answered(pairs)


def load_noting(folder: Path):
    """Load what writes down, for each batch, its rows, the process, and what GPU, threads and bars it may use."""

    def answer(pairs: pd.DataFrame) -> pd.DataFrame:
        told = {"ids": list(pairs["id"]), "pid": os.getpid()}
        told |= {name: os.environ.get(name) for name in ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "TQDM_DISABLE")}
        with (folder / "noted.jsonl").open("a") as file:
            file.write(json.dumps(told) + "\n")
        time.sleep(0.05)
        return answered(pairs)

    return answer


def _meet(folder: Path, plan: dict[str, str], pairs: pd.DataFrame) -> pd.DataFrame:
    answers, faults = answered(pairs), {plan[own]: own for own in pairs["id"] if own in plan}
    if "kill" in faults or ("once" in faults and _is_first(folder / faults["once"])):
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in faults:
        time.sleep(600)
    if "memory" in faults or ("memory2" in faults and len(pairs) > 2):
        raise OutOfMemoryError("CUDA out of memory.")
    if "cuda" in faults:
        raise RuntimeError("CUDA error: device-side assert triggered")
    if "error" in faults:
        raise KeyError(f"poison in row {faults['error']}")
    if "ids" in faults:
        return answers.assign(id=answers["id"] + "x")
    if "count" in faults:
        return answers.iloc[:-1]
    if "frame" in faults:
        return None
    texts = {"nan": np.nan, "empty": " ", "lines": "a\nb", "long": "x" * 20_000, "null": "None"}
    for kind in texts.keys() & faults.keys():
        answers.loc[answers["id"] == faults[kind], "rewrite_prompt"] = texts[kind]
    return answers


def _is_first(mark: Path) -> bool:
    first = not mark.exists()
    mark.touch()
    return first
