"""Two processes that train together do what one does with the same batches."""

import json
import subprocess
import sys

import pytest
from conftest import PROJECT

from prompt_recovery.config import Base, Embedder, RunConfig, Train
from prompt_recovery.manifest import write_json
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.tables import TRIPLES, write_table

# the last says where torchrun's options end: it has a --run-path of its own
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--"]
ACCELERATE = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]

PROGRAM = """
import sys, pathlib, torch
from transformers import AutoModelForCausalLM
from prompt_recovery.config import Train
from prompt_recovery.train import workers
from prompt_recovery.train.checkpoints import Checkpoints
from prompt_recovery.train.examples import Row
from prompt_recovery.train.fitting import fit

model_folder, folder, accumulate, stop_at = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(1)
rows = [Row(list(range(10, 10 + 8 + 5 * n % 17)), 2 + n % 3) for n in range(22)]
with workers.joined_workers():
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    asked = []

    def scores():
        asked.append(None)
        if len(asked) == stop_at:
            raise SystemExit(9)
        return {"S0": 0.1 * len(asked)}

    settings = Train(
        learning_rate=1e-3, epochs=4, batch_tokens=48, validations=3, accumulate=accumulate, optimiser="adamw"
    )
    fitted = fit(
        model, rows, {"S0": rows[:4]}, settings, pad_id=0, seed=0, metrics_path=folder / "metrics.jsonl", title="test",
        checkpoints=Checkpoints(folder / "checkpoints", {}), answer_scores=scores,
    )
    weight = model.model.layers[0].mlp.up_proj.weight
    assert workers.summed(float(weight.sum()), model.device) == workers.count() * float(weight.sum())  # the same in all
    if workers.rank() == 0:
        print(fitted.steps, fitted.tokens)
"""


def train(program, model, folder, *, processes: int, accumulate: int, stop_at: int = 0) -> subprocess.CompletedProcess:
    folder.mkdir(exist_ok=True)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(launcher if processes > 1 else [])]
    arguments = [str(program), str(model), str(folder), str(accumulate), str(stop_at)]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=300)


def losses(folder) -> list[float]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one_and_go_on_after_a_kill(model_folder, tmp_path):
    program, model = tmp_path / "program.py", model_folder("llama")
    program.write_text(PROGRAM)
    alone = train(program, model, tmp_path / "one", processes=1, accumulate=2)
    together = train(program, model, tmp_path / "two", processes=2, accumulate=1)
    assert alone.returncode == together.returncode == 0, alone.stderr + together.stderr
    assert together.stdout == alone.stdout
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    assert len(losses(tmp_path / "one")) > 10

    killed = train(program, model, tmp_path / "three", processes=2, accumulate=1, stop_at=2)
    assert killed.returncode != 0 and len(losses(tmp_path / "three")) < len(losses(tmp_path / "one"))
    again = train(program, model, tmp_path / "three", processes=2, accumulate=1)
    assert again.returncode == 0, again.stderr
    assert losses(tmp_path / "three") == pytest.approx(losses(tmp_path / "two"), abs=1e-6)


@pytest.mark.slow
def test_torchrun_and_accelerate_launch_the_script_alike(model_folder, triples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = TriplesFolder.named("small")
    for part in ("train", "valid"):
        write_table(triples, data.part(part), TRIPLES)
    write_json(data.manifest, {})
    settings = Train(batch_tokens=1, epochs=3, learning_rate=1e-2, validations=1)
    found = {}
    for launcher, sharding in (([], "none"), (TORCHRUN, "full"), (ACCELERATE, "none")):
        run = RunConfig(
            name=f"by-{len(launcher)}-{sharding}",
            data="small",
            device="cpu",
            base=Base(model=str(model_folder("llama"))),
            embedder=Embedder(kind="minilm"),
            train=settings.model_copy(update={"accumulate": 1 if launcher else 2, "sharding": sharding}),
        )
        folder = RunFolder(tmp_path / "runs" / run.name)
        folder.write_config(run)
        command = [sys.executable, *launcher, str(PROJECT / "scripts/train.py"), "--run", f"runs/{run.name}"]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert finished.returncode == 0, finished.stderr
        assert finished.stdout.count("Fitted(") == 1  # what the first process says
        found[run.name] = losses(folder.path)
    alone, *together = found.values()
    assert len(together) == 2 and len(alone) == 6
    assert all(own == pytest.approx(alone, abs=1e-4) for own in together)


def test_make_launches_several_processes_as_the_slow_test_does():
    (line,) = [line for line in (PROJECT / "Makefile").read_text().splitlines() if line.startswith("launch :=")]
    assert " ".join(TORCHRUN).replace(" 2 ", " $(GPUS) ") in line
