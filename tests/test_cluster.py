"""Rewriting on Ray's workers: the same replies as on one machine, whoever dies in the middle."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import PROJECT
from pydantic import ValidationError

from prompt_recovery.config import Cluster, DataConfig, Rewriter, RunConfig
from prompt_recovery.config_file import load_toml
from prompt_recovery.data.generation import rewrite
from prompt_recovery.data.prompts.own_prompts import Prompt, own_prompts
from prompt_recovery.data.rewriters.cluster import Worker, cluster_answerer, task_table, tasks_of
from prompt_recovery.data.rewriters.rewriting import load_rewriter
from prompt_recovery.data.rewriters.shards import in_turn, keep_in_shards
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.engines import requirements_check
from prompt_recovery.engines.reply import Reply, replies_by_id
from prompt_recovery.engines.vllm_batch import plan_vllm_job, reply_row, with_sampling
from prompt_recovery.errors import InputError
from prompt_recovery.tables import REPLIES, read_table

HEAD, OTHER = "127.0.0.2", "127.0.0.3"  # Ray takes 127.0.0.1 for the machine's own address
WAIT_SECONDS = 60
# Nothing may leave the machine: the port is one where nobody listens (data/rewriters/cluster.py says who would ask).
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "http_proxy": "http://127.0.0.1:9"}


def make_tasks(count: int, prompts=None) -> dict:
    prompts = prompts or own_prompts()
    texts = [f"Mabel wrote letter {number} to her aunt. The kettle sang in the kitchen." for number in range(count)]
    return {
        f"id{number:05}": (Original(text, "letter", f"g{number}"), prompts[number % len(prompts)])
        for number, text in enumerate(texts)
    }


def settings(rewriter=None, **cluster) -> DataConfig:
    return DataConfig(name="test", rewriter=Rewriter(**rewriter or {}), cluster=Cluster(**cluster))


def on_one_machine(tasks, folder, rewriter=None):
    one = Rewriter(**rewriter or {})
    return keep_in_shards(tasks, in_turn(load_rewriter(one, 0), 512), folder=folder, rows_per_shard=512)


def shard_ids(folder) -> list[str]:
    return [key for file in sorted(folder.glob("*.parquet")) for key in read_table(file, REPLIES)["id"]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"cluster": {"address": "ray://head:10001"}}, "string_pattern_mismatch"),
        (
            {"cluster": {}, "rewriter": {"kind": "openai", "server": {"base_url": "http://a/v1", "model": "m"}}},
            "no sect",
        ),
        ({"rewriter": {"kind": "vllm", "model": "m"}}, "cluster.address with"),
        ({"cluster": {"gpus_per_worker": 1}, "rewriter": {"kind": "vllm", "model": "m"}}, "cluster.address with"),
        ({"cluster": {"address": "auto"}, "rewriter": {"kind": "vllm", "model": "m"}}, "gpus_per_worker = 1"),
        (
            {"cluster": {"address": "auto", "gpus_per_worker": 0.5}, "rewriter": {"kind": "vllm", "model": "m"}},
            "whole GPUs",
        ),
        ({"rewriter": {"kind": "vllm"}}, 'rewriter.model with kind = "vllm"'),
    ],
)
def test_a_section_that_cannot_work_is_refused(values, expected):
    with pytest.raises(ValidationError) as error:
        DataConfig.model_validate({"name": "test"} | values)
    assert expected in str(error.value) or error.value.errors()[0]["type"] == expected


def test_the_same_model_in_another_engine_has_other_ids():
    samplings = [Rewriter(kind=kind, model="m").sampling() for kind in ("vllm", "transformers")]
    assert samplings[0] != samplings[1]


def test_tasks_travel_whole():
    tasks = make_tasks(3) | {"odd": (Original("", "é\n", "g"), Prompt("p", "f", "q", weight=0.25))}
    assert tasks_of(task_table(tasks)) == tasks


def test_a_worker_says_what_the_rewriter_says():
    tasks = make_tasks(80)
    replies = Worker(Rewriter(), seed=3)(task_table(tasks)).to_pandas()
    expected = load_rewriter(Rewriter(), 3)(list(tasks.values()))
    assert replies_by_id(replies) == list(zip(tasks, expected, strict=True))


def test_where_nothing_is_left_to_do_no_cluster_is_asked():
    assert list(cluster_answerer(settings(address="127.0.0.1:1"))({})) == []


def test_an_address_where_nobody_answers_is_an_error_at_once(tmp_path):
    with pytest.raises(InputError, match=r'address = "127.0.0.1:1": nobody answers there .* `ray start --head`'):
        rewrite(make_tasks(1), settings(address="127.0.0.1:1"), tmp_path)


def test_a_missing_ray_is_named_with_its_cure(monkeypatch):
    monkeypatch.setattr(requirements_check, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"Ray is not installed. Run `pip install -r requirements-cluster.txt`"):
        next(cluster_answerer(settings())(make_tasks(1)))


def test_the_gpu_of_a_cluster_is_not_looked_for_here(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    run = load_toml(RunConfig, PROJECT / "configs" / "run" / "tiny.toml")
    data = settings({"kind": "transformers", "model": str(tmp_path), "device": "cuda"}, address="auto")
    assert requirements_check.missing_requirements(run, data) == []


@pytest.mark.parametrize(
    ("text", "tokens", "reply"),
    [
        (" Arr! ", [5, 6, 2], Reply("Arr!")),
        ("Arr", [5, 6, 7], Reply("", "cut_off")),  # at max_tokens, or at the end of the context
        (" ", [2], Reply("", "empty")),
        ("", [], Reply("", "cut_off")),
    ],
)
def test_a_row_of_vllm_is_a_reply_only_if_it_ended_by_itself(text, tokens, reply):
    row = reply_row(frozenset({2, 3}), {"id": "a", "generated_text": text, "generated_tokens": tokens, "params": ""})
    assert (row["id"], Reply(row["rewritten_text"], row["failure"] or None)) == ("a", reply)


@pytest.mark.slow
def test_vllm_is_asked_what_transformers_would_be(model_folder):
    from transformers import AutoTokenizer

    folder = str(model_folder("gemma2"))
    job = plan_vllm_job(Rewriter(kind="vllm", model=folder, max_new_tokens=40), ["Shout it.", "Whisper it, please."], 2)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    said = [tokenizer.decode(ids) for ids in job.prompts]
    assert said[0] == "<bos><start_of_turn>user\nShout it.<end_of_turn>\n<start_of_turn>model\n"  # BOS once, no system
    ends = {tokenizer.decode([index]) for index in job.sampling["stop_token_ids"]}
    assert ends == {"<eos>", "<end_of_turn>"}
    assert with_sampling(job.sampling, {})["sampling_params"] | {"stop_token_ids": []} == {
        "temperature": 0.0, "max_tokens": 40, "ignore_eos": True, "stop_token_ids": [],
    }  # fmt: skip
    assert job.engine == {"tensor_parallel_size": 2, "max_model_len": max(map(len, job.prompts)) + 40}


def kill_all(process: subprocess.Popen) -> None:
    """SIGKILL a process and all that it started."""
    if process.poll() is None:
        for one in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            if one.is_running():
                one.kill()
        process.wait()


@contextmanager
def ray_node(folder: Path, *options: str):
    """A Ray node of one CPU, all its processes below one; none of them knows where the package lies."""
    ray = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--disable-usage-stats", "--num-cpus=1"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [*ray, "--object-store-memory=100000000", *options], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        kill_all(process)


def wait_until(condition) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def answers(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.fixture(scope="module")
def head():
    """The address of a running Ray of one node, with one CPU and a GPU that it is only told to have."""
    before = dict(os.environ)
    os.environ.update(QUIET)
    with socket.socket() as probe:
        probe.bind((HEAD, 0))
        address = f"{HEAD}:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp", ignore_cleanup_errors=True) as folder:  # short: sockets
        options = ["--head", f"--node-ip-address={HEAD}", f"--port={address.split(':')[1]}", f"--temp-dir={folder}"]
        with ray_node(Path(folder), *options, "--include-dashboard=false", "--num-gpus=1"):
            wait_until(lambda: answers(address) and "Ray runtime started" in (Path(folder) / "log").read_text())
            yield address
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.slow
def test_a_node_dies_in_the_middle_and_no_row_is_lost_or_doubled(head, tmp_path):
    tasks, folder = make_tasks(2_000), tmp_path / "shards"
    expected = on_one_machine(tasks, tmp_path / "one")
    begun = dict(list(tasks.items())[:150])
    on_one_machine(begun, folder)  # one machine begins, the cluster goes on
    job = settings({"rows_per_shard": 100}, address=head, rows_per_batch=16)
    with ray_node(tmp_path, f"--address={head}", f"--node-ip-address={OTHER}") as other:
        wait_until(lambda: "Ray runtime started" in (tmp_path / "log").read_text())
        at_the_kill: list[str] = []

        def kill_other_node() -> None:
            wait_until(lambda: len(list(folder.glob("*.parquet"))) >= 3)
            wait_until(lambda: any("MapWorker" in one.name() for one in psutil.Process(other.pid).children(True)))
            kill_all(other)
            at_the_kill.extend(shard_ids(folder))

        killer = threading.Thread(target=kill_other_node)
        killer.start()
        found = rewrite(tasks, job, folder)
        killer.join()
    assert other.returncode == -signal.SIGKILL
    assert 150 < len(at_the_kill) < 1_600
    assert found == expected
    assert sorted(shard_ids(folder)) == sorted(tasks)


DRIVER = """
import sys, pickle, pathlib
from prompt_recovery.data.generation import rewrite
tasks, settings = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
rewrite(tasks, settings, pathlib.Path(sys.argv[2]))
"""


@pytest.mark.slow
def test_the_run_itself_is_killed_and_the_next_one_asks_only_for_the_rest(head, tmp_path):
    tasks, folder = make_tasks(1_500), tmp_path / "shards"
    job = settings({"rows_per_shard": 100}, address=head, rows_per_batch=4)
    (tmp_path / "job").write_bytes(pickle.dumps((tasks, job)))
    source = str(Path(sys.modules["prompt_recovery"].__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path / "job"), str(folder)], env=os.environ | {"PYTHONPATH": source}
    )
    try:
        wait_until(lambda: len(list(folder.glob("*.parquet"))) >= 2)
    finally:
        kill_all(process)
    kept = set(shard_ids(folder))
    assert 200 <= len(kept) < 1_500
    assert rewrite(tasks, job, folder) == on_one_machine(tasks, tmp_path / "one")
    assert sorted(shard_ids(folder)) == sorted(tasks)  # none twice: what was kept was not asked again


@pytest.mark.slow
def test_what_goes_wrong_on_a_worker_is_told_and_not_tried_for_ever(head, tmp_path):
    import ray

    no_rule = make_tasks(40, [Prompt("Yodel it.", "yodel", "yodel")])
    with pytest.raises(ray.exceptions.RayTaskError, match=r"rewriting.py[\s\S]*KeyError: 'yodel"):
        rewrite(no_rule, settings(address=head), tmp_path / "a")
    no_model = {"kind": "transformers", "model": str(tmp_path), "quantisation": "none"}
    with pytest.raises(InputError, match=r"on a worker: .*is a folder without config.json"):
        rewrite(make_tasks(2), settings(no_model, address=head), tmp_path / "b")
    with pytest.raises(InputError, match="a worker wants 64 CPUs and 0 GPUs of one node, and the nodes have 1 CPUs"):
        rewrite(make_tasks(2), settings(address=head, cpus_per_worker=64), tmp_path / "c")
    vllm = settings({"kind": "vllm", "model": "m"}, address=head, gpus_per_worker=1)
    with pytest.raises(InputError, match="vLLM is not installed on the GPU nodes"):
        rewrite(make_tasks(2), vllm, tmp_path / "d")


@pytest.mark.slow
def test_a_worker_that_dies_each_time_does_not_keep_the_run_for_ever(head, tmp_path):
    over = threading.Event()

    def kill_each_worker() -> None:
        while not over.wait(0.2):
            for one in psutil.process_iter(["name", "cmdline"]):
                if one.info["name"].startswith("ray::MapWorker") and _is_below_us(one):
                    one.kill()

    killer = threading.Thread(target=kill_each_worker)
    killer.start()
    try:
        with pytest.raises(InputError, match="no batch was finished in stall_seconds = 6"):
            job = settings(address=head, stall_seconds=6, rows_per_batch=20_000)  # seconds of work
            rewrite(make_tasks(20_000), job, tmp_path)
    finally:
        over.set()
        killer.join()


def _is_below_us(process: psutil.Process) -> bool:
    try:
        return os.getpid() in {one.pid for one in process.parents()}
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_a_chat_model_on_a_ray_of_this_machine_says_what_it_says_without(model_folder, tmp_path, monkeypatch):
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    model = {"kind": "transformers", "model": str(model_folder("llama")), "quantisation": "none", "device": "cpu"}
    rewriter, tasks = model | {"max_new_tokens": 12}, make_tasks(24)
    found = rewrite(tasks, settings(rewriter, rows_per_batch=8), tmp_path / "ray")
    assert found == on_one_machine(tasks, tmp_path / "one", rewriter)
