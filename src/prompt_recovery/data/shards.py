"""Tasks and a rewriter in, every task's reply out, kept on disk shard by shard, so that a killed run goes on."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from prompt_recovery import config
from prompt_recovery.data.cluster import cluster_answerer
from prompt_recovery.data.rewriting import Rewrite, Task, load_rewriter
from prompt_recovery.engines.reply import Reply, replies_by_id, replies_frame
from prompt_recovery.errors import InputError
from prompt_recovery.tables import REPLIES, read_table, write_table

Answer = Callable[[dict[str, Task]], Iterator[tuple[str, Reply]]]  # each task once, by id, in any order


def task_id(task: Task, rewriter: str) -> str:
    """Return the id of a row: the hash of original, prompt, and the rewriter with its sampling."""
    original, prompt = task
    return hashlib.sha256("\0".join((original.text, prompt.text, rewriter)).encode()).hexdigest()[:16]


def rewrite_as_configured(
    tasks: dict[str, Task], *, settings: config.DataConfig, folder: Path, retry_failures: bool = False
) -> dict[str, Reply]:
    """Return the reply to every task, by id: of this machine's rewriter, or of Ray workers with a section [cluster].

    Both keep the same shards in `folder`: what one has begun the other finishes. Else as `keep_in_shards`.
    """
    rows = settings.rewriter.rows_per_shard
    if settings.cluster:
        answer = cluster_answerer(settings)
    else:
        answer = _answer_in_turn(load_rewriter(settings.rewriter, settings.seed), rows)
    return keep_in_shards(tasks, answer=answer, folder=folder, rows_per_shard=rows, retry_failures=retry_failures)


def rewrite_in_shards(
    tasks: dict[str, Task], *, rewrite: Rewrite, folder: Path, rows_per_shard: int, retry_failures: bool = False
) -> dict[str, Reply]:
    """Return the reply to every task, by id; `rewrite` is given a shard's rows at a time. Else as `keep_in_shards`."""
    answer = _answer_in_turn(rewrite, rows_per_shard)
    return keep_in_shards(
        tasks, answer=answer, folder=folder, rows_per_shard=rows_per_shard, retry_failures=retry_failures
    )


def keep_in_shards(
    tasks: dict[str, Task], *, answer: Answer, folder: Path, rows_per_shard: int, retry_failures: bool = False
) -> dict[str, Reply]:
    """Return the reply to every task, by id; `answer` is asked only for what no shard in `folder` holds.

    A shard is whole or absent, and named by what it holds: whenever the run is killed, the next one does the rest.
    A failure stays on record; with `retry_failures` it is asked again, and its new reply counts.
    Raises InputError when a shard cannot be read, and when `answer` leaves a task out or gives one twice.
    """
    done = _read_shards(folder)
    if retry_failures:
        done = {key: reply for key, reply in done.items() if reply.failure is None}
    todo = {key: task for key, task in tasks.items() if key not in done}
    shard: dict[str, Reply] = {}
    with tqdm(total=len(tasks), initial=len(tasks) - len(todo), desc="rewriting", unit="row") as bar:
        for key, reply in _each_once(answer(todo), todo):
            shard[key] = reply
            bar.update()
            if len(shard) == rows_per_shard:
                _write_shard(folder, shard)
                done.update(shard)
                shard = {}
    if shard:
        _write_shard(folder, shard)
    return {key: done[key] if key in done else shard[key] for key in tasks}


def _answer_in_turn(rewrite: Rewrite, rows: int) -> Answer:
    """Return what asks `rewrite` for the tasks in their order, `rows` at a time."""

    def answer(tasks: dict[str, Task]) -> Iterator[tuple[str, Reply]]:
        for keys in _chunks(list(tasks), rows):
            yield from zip(keys, rewrite([tasks[key] for key in keys]), strict=True)

    return answer


def _each_once(replies: Iterator[tuple[str, Reply]], wanted: dict[str, Task]) -> Iterator[tuple[str, Reply]]:
    waiting = set(wanted)
    for key, reply in replies:
        if key not in waiting:
            fault = "a second time" if key in wanted else "though nobody asked for it"
            raise InputError(f"rewriting: row {key} came back {fault}. The finished shards are kept.")
        waiting.remove(key)
        yield key, reply
    if waiting:
        raise InputError(
            f"rewriting: {len(waiting)} of {len(wanted)} rows did not come back, for example {min(waiting)}. "
            "The finished shards are kept: run the same command again."
        )


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


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
                f"{error} Delete {file}: its rows are rewritten then, the other shards are kept."
            ) from None
        done.update(replies_by_id(shard))
    return done
