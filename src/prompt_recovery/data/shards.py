"""Requests and who replies in, every request's reply out, kept on disk shard by shard, so that a killed run goes on."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
from tqdm import tqdm

from prompt_recovery.data.rewriting import Task
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError
from prompt_recovery.tables import REPLIES, read_table, write_table

_Request = TypeVar("_Request")  # a Task of a rewriter, or a message to a writer


def task_id(task: Task, rewriter: str) -> str:
    """Return the id of a row: the hash of original, prompt, and the rewriter with its sampling."""
    original, prompt = task
    return hashlib.sha256("\0".join((original.text, prompt.text, rewriter)).encode()).hexdigest()[:16]


def rewrite_in_shards(
    tasks: dict[str, _Request],
    *,
    rewrite: Callable[[Sequence[_Request]], Iterator[Reply]],
    folder: Path,
    rows_per_shard: int,
    retry_failures: bool = False,
    doing: str = "rewriting",
) -> dict[str, Reply]:
    """Return the reply to every task, by id; only what no shard in `folder` holds is asked for.

    A shard is whole or absent, and named by what it holds: whenever the run is killed, the next one does the rest.
    A failure stays on record; with `retry_failures` it is asked again, and its new reply counts.
    Raises InputError when a shard cannot be read.
    """
    done = _read_shards(folder)
    if retry_failures:
        done = {key: reply for key, reply in done.items() if reply.failure is None}
    todo = [key for key in tasks if key not in done]
    with tqdm(total=len(tasks), initial=len(tasks) - len(todo), desc=doing, unit="row") as bar:
        for keys in _chunks(todo, rows_per_shard):
            replies = []
            for reply in rewrite([tasks[key] for key in keys]):
                replies.append(reply)
                bar.update()
            done |= dict(zip(keys, replies, strict=True))
            _write_shard(folder, {key: done[key] for key in keys})
    return {key: done[key] for key in tasks}


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _write_shard(folder: Path, replies: dict[str, Reply]) -> None:
    """Write one shard; its number orders it after those that are there, so that a later reply counts."""
    number = max((int(file.stem) for file in folder.glob("*.parquet")), default=-1) + 1
    frame = pd.DataFrame(
        {
            "id": list(replies),
            "rewritten_text": [reply.text for reply in replies.values()],
            "failure": [reply.failure or "" for reply in replies.values()],
        }
    )
    write_table(frame, folder / f"{number:06}.parquet", REPLIES)


def _read_shards(folder: Path) -> dict[str, Reply]:
    done: dict[str, Reply] = {}
    for file in sorted(folder.glob("*.parquet")):
        try:
            shard = read_table(file, REPLIES)
        except InputError as error:
            raise InputError(
                f"{error} Delete {file}: its rows are asked for again then, the other shards are kept."
            ) from None
        columns = (shard["id"], shard["rewritten_text"], shard["failure"])
        done |= {key: Reply(text, failure or None) for key, text, failure in zip(*columns, strict=True)}
    return done
