"""A base whose layers are spread over two processes trains, answers and is saved as a whole one."""

import json
import subprocess
import sys

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from prompt_recovery.config import RunConfig, ladder
from prompt_recovery.engines.recoverer import load_recoverer

PROGRAM = """
import sys, json, pathlib
import numpy as np, pandas as pd, torch
from prompt_recovery.config import RunConfig
from prompt_recovery.engines.recoverer import load_recoverer
from prompt_recovery.places import RunFolder
from prompt_recovery.train import workers
from prompt_recovery.train.adapter import train_adapter
from prompt_recovery.train.sharding import shards

folder, dies_at = pathlib.Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(1)
run = RunConfig.model_validate_json((folder / "run.json").read_text())
triples = pd.read_json(folder / "triples.json", dtype=str)
calls = []

def embed(texts):
    calls.append(None)
    if len(calls) == dies_at:
        raise SystemExit(9)
    angles = np.array([min(len(text), 90) for text in texts]) * np.pi / 180
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)

with workers.joined_workers():
    base = load_recoverer(run, None, to_shard=shards(run.train))
    places = {"folder": RunFolder(folder), "embed": embed, "inputs": {}}
    fitted, _ = train_adapter(triples, triples, run, base=base, **places)
    frozen = [one for name, one in base.model.named_parameters() if "layers." in name and not one.requires_grad]
    held = workers.summed(sum(one.nbytes for one in frozen), base.model.device)
    if workers.rank() == 0:
        (folder / "held.json").write_text(json.dumps(held))
left = {path.read_text().strip() for path in pathlib.Path("/proc/self/task").glob("*/comm")}
assert not any("gloo" in thread for thread in left), left  # one that waits as Python ends aborts the process
"""


def small_run(model, method: str, **train) -> RunConfig:
    values = {"batch_tokens": 1, "learning_rate": 1e-2, "validations": 3, "patience": None} | train  # a row a batch
    return RunConfig.model_validate({
        "name": "small", "data": "small", "device": "cpu", "method": method, "base": {"model": str(model)},
        "lora": {"rank": 4}, "chat": {"instruction": "Which prompt?"}, "train": values,
    })  # fmt: skip


def train(folder, run, triples, *, processes: int, dies_at: int = 0) -> subprocess.CompletedProcess:
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(run.model_dump_json())
    triples.to_json(folder / "triples.json")
    (folder / "program.py").write_text(PROGRAM)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(launcher if processes > 1 else []), str(folder / "program.py"), str(folder)]
    return subprocess.run([*command, str(dies_at)], capture_output=True, text=True, timeout=240)


def curve(folder) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def require_same(found, expected) -> None:
    assert len(found) == len(expected) > 8
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


def held(folder) -> float:
    """Bytes of frozen decoder layers, of all processes together, after training."""
    return json.loads((folder / "held.json").read_text())


@torch.no_grad()
def logits(recoverer) -> torch.Tensor:
    return recoverer.model(torch.tensor([recoverer.encode("The kettle sang.", "Arr!")])).logits


@pytest.fixture
def eleven(triples):
    """Eleven rows, each a batch: in the last step one of two processes has none."""
    rows = pd.concat([triples] * 3, ignore_index=True).head(11)
    return rows.assign(original_text=[f"{text} {'Again. ' * n}" for n, text in enumerate(rows["original_text"])])


@pytest.mark.slow
@pytest.mark.parametrize(("method", "family", "dies_at"), [("lora", "llama", 0), ("qlora", "qwen2", 4)])
def test_two_processes_with_half_the_layers_each_do_what_one_does_and_qlora_also_after_a_kill(
    method, family, dies_at, model_folder, eleven, tmp_path
):
    whole, sharded, killed = (tmp_path / name for name in ("whole", "sharded", "killed"))
    run = small_run(model_folder(family), method, sharding="full")
    alone = small_run(model_folder(family), method, accumulate=2)
    for folder, own, processes in ((whole, alone, 1), (sharded, run, 2)):
        finished = train(folder, own, eleven, processes=processes)
        assert finished.returncode == 0, finished.stderr
    require_same(curve(sharded), curve(whole))
    assert held(sharded) == pytest.approx(held(whole), rel=0.01)  # of each layer every process has its share alone

    if dies_at:
        assert train(killed, run, eleven, processes=2, dies_at=dies_at).returncode != 0
        assert 0 < len(curve(killed)) < len(curve(sharded)) and not (killed / "adapter").exists()
        finished = train(killed, run, eleven, processes=2)
        assert finished.returncode == 0, finished.stderr
        assert curve(killed) == curve(sharded)

    adapters = [load_file(folder / "adapter/adapter_model.safetensors") for folder in (whole, sharded)]
    assert adapters[0].keys() == adapters[1].keys() and len(adapters[0]) == 2 * 2 * 7  # A and B of 7 matrices, 2 layers
    bare, *adapted = (logits(load_recoverer(alone, one)) for one in (None, whole / "adapter", sharded / "adapter"))
    assert not torch.allclose(adapted[0], bare, atol=1e-2)
    torch.testing.assert_close(adapted[1], adapted[0], atol=1e-3, rtol=1e-3)


def test_only_adapters_on_a_base_in_floats_or_nf4_are_sharded():
    for method in ladder(small_run("a/base", "qlora")):
        if method in ("full", "last_layers", "int8_lora"):
            with pytest.raises(ValueError, match=f'"{method}": only lora and qlora are sharded'):
                small_run("a/base", method, sharding="full")
        else:
            assert small_run("a/base", method, sharding="full").train.sharding == "full"
