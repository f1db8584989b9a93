"""Requests to a rewriter or writer in, every one's reply out, kept on disk shard by shard: a killed run goes on."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from prompt_recovery.data.rewriters.rewriting import Task
from prompt_recovery.engines.reply import Reply, replies_by_id, replies_frame
from prompt_recovery.errors import InputError
from prompt_recovery.tables import REPLIES, read_table, write_table

_Request = TypeVar("_Request")  # a Task of a rewriter, or a message to a writer
Answers = Callable[[Mapping[str, _Request]], Iterator[tuple[str, Reply]]]  # each request once, by id, in any order


def task_id(task: Task, rewriter: str) -> str:
    """Return the id of a row: the hash of original, prompt, and the rewriter with its sampling."""
    original, prompt = task
    return hashlib.sha256("\0".join((original.text, prompt.text, rewriter)).encode()).hexdigest()[:16]


def keep_in_shards(
    requests: Mapping[str, _Request],
    answers: Answers,
    *,
    folder: Path,
    rows_per_shard: int,
    retry_failures: bool = False,
    doing: str = "rewriting",
) -> dict[str, Reply]:
    """Return the reply to every request, by id; `answers` is asked only for what no shard in `folder` holds.

    A shard is whole or absent, and named by what it holds: whenever the run is killed, the next one does the rest.
    A failure stays on record; with `retry_failures` it is asked again, and its new reply counts.
    Raises InputError when a shard cannot be read, and when `answers` leaves a request out or gives one twice.
    """
    done = _read_shards(folder)
    if retry_failures:
        done = {key: reply for key, reply in done.items() if reply.failure is None}
    todo = {key: request for key, request in requests.items() if key not in done}
    shard: dict[str, Reply] = {}
    with tqdm(total=len(requests), initial=len(requests) - len(todo), desc=doing, unit="row") as bar:
        for key, reply in _each_once(answers(todo), todo, doing):
            shard[key] = reply
            bar.update()
            if len(shard) == rows_per_shard:
                _write_shard(folder, shard)
                done.update(shard)
                shard = {}
    if shard:
        _write_shard(folder, shard)
    return {key: done[key] if key in done else shard[key] for key in requests}


def in_turn(answer: Callable[[Sequence[_Request]], Iterator[Reply]], rows: int) -> Answers:
    """Return what asks `answer` for the requests in their order, `rows` at a time."""

    def answers(requests: Mapping[str, _Request]) -> Iterator[tuple[str, Reply]]:
        keys = list(requests)
        for start in range(0, len(keys), rows):
            some = keys[start : start + rows]
            yield from zip(some, answer([requests[key] for key in some]), strict=True)

    return answers


def _each_once(
    replies: Iterator[tuple[str, Reply]], wanted: Mapping[str, _Request], doing: str
) -> Iterator[tuple[str, Reply]]:
    waiting = set(wanted)
    for key, reply in replies:
        if key not in waiting:
            fault = "a second time" if key in wanted else "though nobody asked for it"
            raise InputError(f"{doing}: row {key} came back {fault}. The finished shards are kept.")
        waiting.remove(key)
        yield key, reply
    if waiting:
        raise InputError(
            f"{doing}: {len(waiting)} of {len(wanted)} rows did not come back, for example {min(waiting)}. "
            "The finished shards are kept: run the same command again."
        )


def _write_shard(folder: Path, replies: dict[str, Reply]) -> None:
    """Write one shard; its number orders it after those that are there, so that a later reply counts."""
    number = max((int(file.stem) for file in folder.glob("*.parquet")), default=-1) + 1
    write_table(replies_frame(replies), folder / f"{number:06}.parquet", REPLIES)


def _read_shards(folder: Path) -> dict[str, Reply]:
    done: dict[str, Reply] = {}
    for file in sorted(folder.glob("*.parquet")):
        try:
            shard = read_table(file, REPLIES)
        except InputError as error:
            raise InputError(
                f"{error} Delete {file}: its rows are asked for again then, the other shards are kept."
            ) from None
        done.update(replies_by_id(shard))
    return done
