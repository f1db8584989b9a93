"""Tasks in, each one's reply out by id as Ray's workers give it: on this machine, or on the nodes of a cluster.

A node needs the libraries of requirements-cluster.txt and the files that the config names. The package itself Ray sends
to it, so that no node rewrites by other rules than this process. A worker loads the rewriter once. When a node dies,
its workers start anew on the others and its batches are done again. An error of the rewriter's own is not tried again.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

import prompt_recovery
from prompt_recovery import config
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rewriters.rewriting import Task, chat_message, load_rewriter
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.engines.reply import Reply, replies_by_id, replies_frame
from prompt_recovery.engines.requirements_check import missing_ray
from prompt_recovery.engines.vllm_batch import missing_vllm, plan_vllm_job, vllm_processor
from prompt_recovery.errors import InputError
from prompt_recovery.tables import REPLIES

_PACKAGE = Path(prompt_recovery.__file__).parent
# Ray 2.60 asks the metadata servers of three clouds who hosts it, reports off or not: a Ray of this machine alone is
# told to do so through a port where nobody listens.
_ALONE = {"RAY_USAGE_STATS_ENABLED": "0", "http_proxy": "http://127.0.0.1:9"}
_REACH_SECONDS = 10  # Ray itself tries for two minutes and then ends the process


def cluster_answerer(settings: config.DataConfig) -> Callable[[dict[str, Task]], Iterator[tuple[str, Reply]]]:
    """Return what gives each task's reply once, by id, in any order; Ray is started, or joined, when it is asked.

    Raises InputError, then, when Ray or its cluster cannot be had, when no node has what a worker wants, when a worker
    raises it, and when the run stands still; Ray's RayTaskError with the worker's traceback for any other error there.
    """

    def answer(tasks: dict[str, Task]) -> Iterator[tuple[str, Reply]]:
        if not tasks:
            return
        with _ray(settings.cluster) as ray, _readable_errors(ray, settings.cluster):
            _require_a_node(ray, settings.cluster)
            replies = (_ask_vllm if settings.rewriter.kind == "vllm" else _ask_workers)(ray, settings, tasks)
            for batch in replies.iter_batches(batch_size=None, batch_format="pandas"):
                yield from replies_by_id(batch)

    return answer


class Worker:
    """What a Ray worker keeps: its rewriter, loaded once."""

    def __init__(self, rewriter: config.Rewriter, seed: int):
        self._rewriter, self._seed = rewriter, seed
        self._rewrite = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Rewrite a batch of `task_table` -> its replies, schema REPLIES."""
        if self._rewrite is None:  # not in __init__, where Ray takes an error for a death of the worker
            self._rewrite = load_rewriter(self._rewriter, self._seed)
        tasks = tasks_of(batch)
        replies = dict(zip(tasks, self._rewrite(list(tasks.values())), strict=True))
        return pa.Table.from_pandas(replies_frame(replies), schema=REPLIES, preserve_index=False)


def task_table(tasks: dict[str, Task]) -> pa.Table:
    """Return tasks as a table that travels: id, original, prompt."""
    rows = [{"id": key, "original": asdict(task[0]), "prompt": asdict(task[1])} for key, task in tasks.items()]
    return pa.Table.from_pylist(rows)


def tasks_of(table: pa.Table) -> dict[str, Task]:
    """Return the tasks of a `task_table`, by id."""
    return {row["id"]: (Original(**row["original"]), Prompt(**row["prompt"])) for row in table.to_pylist()}


def _ask_workers(ray: Any, settings: config.DataConfig, tasks: dict[str, Task]) -> Any:
    cluster = settings.cluster
    return _dataset(ray, task_table(tasks), cluster.rows_per_batch).map_batches(
        Worker,
        fn_constructor_args=(settings.rewriter, settings.seed),
        batch_size=None,  # a block
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cluster.max_workers),
        num_cpus=cluster.cpus_per_worker,
        num_gpus=cluster.gpus_per_worker,
    )


def _ask_vllm(ray: Any, settings: config.DataConfig, tasks: dict[str, Task]) -> Any:
    gpus = int(settings.cluster.gpus_per_worker)
    if missing := missing_vllm(ray, gpus):
        raise InputError(missing)
    job = plan_vllm_job(settings.rewriter, [chat_message(task) for task in tasks.values()], gpus)
    rows = pa.table({"id": list(tasks), "tokenized_prompt": job.prompts})
    copies = int(ray.cluster_resources()["GPU"]) // gpus
    processor = vllm_processor(settings.rewriter, settings.cluster, job, settings.cluster.max_workers or copies)
    return processor(_dataset(ray, rows, settings.cluster.rows_per_batch))


def _dataset(ray: Any, table: pa.Table, rows_per_block: int) -> Any:
    """Return a dataset whose blocks hold so many rows: what is sent to a worker, and repeated, at once."""
    starts = range(0, table.num_rows, rows_per_block)
    return ray.data.from_arrow([table.slice(start, rows_per_block) for start in starts])


@contextmanager
def _ray(cluster: config.Cluster) -> Iterator[Any]:
    """Yield the module `ray`, joined to the cluster or started on this machine, quiet; it is left at the end."""
    if missing := missing_ray():
        raise InputError(missing)
    if cluster.address not in (None, "auto"):
        _require_reachable(cluster.address)
    import ray
    import ray.data

    package = {"py_modules": [str(_PACKAGE)]}
    try:
        if cluster.address:
            ray.init(address=cluster.address, runtime_env=package, log_to_driver=False, logging_level="WARNING")
        else:
            _start_alone(ray, package)
    except (ConnectionError, RuntimeError) as error:
        raise InputError(f"[cluster] address = {cluster.address!r}: Ray cannot be joined ({error}).") from error
    try:
        _configure(ray.data.DataContext.get_current(), cluster)
        yield ray
    finally:
        ray.shutdown()


def _configure(context: Any, cluster: config.Cluster) -> None:
    context.enable_progress_bars = context.print_on_execution_start = False
    context.raise_original_map_exception = True
    context.execution_no_progress_timeout_s = cluster.stall_seconds
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what it logs as an error it raises too


def _start_alone(ray: Any, package: dict[str, Any]) -> None:
    before = {name: os.environ.get(name) for name in _ALONE}
    workers = {"env_vars": {"http_proxy": before["http_proxy"] or ""}}
    os.environ.update(_ALONE)
    try:
        options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "WARNING"}
        ray.init(address="local", runtime_env=package | workers, **options)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _require_reachable(address: str) -> None:
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=_REACH_SECONDS).close()
    except OSError as error:
        raise InputError(
            f'[cluster] address = "{address}": nobody answers there ({error}). Start Ray with `ray start --head`, and '
            "give the address that it prints."
        ) from error


def _require_a_node(ray: Any, cluster: config.Cluster) -> None:
    """Raise InputError unless one node has the CPUs and GPUs of a worker: Ray would wait for such a node for ever."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    found = [(node.get("CPU", 0), node.get("GPU", 0)) for node in nodes]
    if not any(cpus >= cluster.cpus_per_worker and gpus >= cluster.gpus_per_worker for cpus, gpus in found):
        raise InputError(
            f"[cluster]: a worker wants {cluster.cpus_per_worker:g} CPUs and {cluster.gpus_per_worker:g} GPUs of one "
            f"node, and the nodes have {', '.join(f'{cpus:g} CPUs and {gpus:g} GPUs' for cpus, gpus in found)}. Lower "
            "cpus_per_worker or gpus_per_worker, or start a node that has them."
        )


@contextmanager
def _readable_errors(ray: Any, cluster: config.Cluster) -> Iterator[None]:
    """Raise the InputError of a worker in place of Ray's report of it, and one for a run that stands still."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, InputError):
            raise InputError(f"on a worker: {error.cause}") from error
        raise
    except ray.data.exceptions.ExecutionTimeoutError as error:
        raise InputError(
            f"[cluster]: no batch was finished in stall_seconds = {cluster.stall_seconds:g}. Either a row ends its "
            "worker each time, or other work holds the nodes, or a batch takes longer: look at `ray status` and at the "
            "logs that it names. The finished shards are kept."
        ) from error
