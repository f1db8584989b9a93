"""A very small run's settings in, a project in which `make` runs it out: for the tests of the whole chain."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
from conftest import PROJECT

from prompt_recovery.places import RunFolder
from prompt_recovery.tables import PREDICTIONS, read_table

DATA = """
[originals]
count = 200
max_words = 20
[split]
train_rows = 200
valid_rows = 12
test_rows = 24
"""
RUN = """
data = "micro"
device = "cpu"
[base]
model = "data/models/micro"
[base.from_scratch]
vocabulary = 600
hidden_size = 64
intermediate_size = 64
[base.from_scratch.train]
epochs = 2
[train]
learning_rate = 2e-3
batch_tokens = 2048
activation_checkpointing = false
validations = 2
[embedder]
kind = "minilm"
[generation]
max_new_tokens = 24
batch_size = 8
openings = ["", "Make"]
[constant]
candidates = 200
units = 400
[vector]
max_rows = 200
[decoding]
rounds = 1
embedded = 4
[recover]
tracks = ["clean", "leaderboard"]
[score]
oracle_prompts = 50
bank_prompts = 100
[submit]
rehearsal_rows = 16
hidden_rows = 40
"""
RUN_FOLDER = RunFolder(Path("runs/micro"))
IMAGE_VENV = PROJECT / ".venv-image"
STAGES = ("train", "constant", "vector", "choose", "recover", "score")


def make_project(folder: Path) -> Path:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True).stdout
    for name in filter(None, files.decode().split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, folder / name)
    (folder / "configs" / "data" / "micro.toml").write_text(DATA)
    (folder / "configs" / "run" / "micro.toml").write_text(RUN)
    return folder


def command(*targets: str, run: str = "micro") -> list[str]:
    """Use this interpreter's environment: what is tested here is the pipeline, not the installation.

    The notebook is rehearsed on the versions of Kaggle's image, in a second environment.
    """
    environments = [f"VENV={sys.prefix}", "-o", f"{sys.prefix}/installed", "IMAGE=1", f"IMAGE_VENV={IMAGE_VENV}"]
    return ["make", *targets, f"RUN={run}", *environments]


def make(project: Path, *targets: str, run: str = "micro") -> str:
    finished = subprocess.run(command(*(targets or ["submit"]), run=run), cwd=project, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def due(project: Path) -> list[str]:
    """Return the scripts that `make submit` would run, once `make configure` was."""
    planned = make(project, "-n", "-o", "configure", "submit")
    return [name for name in re.findall(r"scripts/(\w+)\.py", planned) if name != "summary"]


def times(project: Path) -> dict[str, int]:
    manifests = {
        "data": project / "data/triples/micro/manifest.json",
        "base": project / "data/models/micro/manifest.json",
    }
    manifests |= {stage: project / RUN_FOLDER.manifest(stage) for stage in STAGES}
    manifests |= {name: project / "submissions/micro" / f"{name}.json" for name in ("manifest", "rehearsal")}
    return {name: path.stat().st_mtime_ns for name, path in manifests.items()}


def predictions(project: Path) -> pd.DataFrame:
    return read_table(project / RUN_FOLDER.predictions, PREDICTIONS, key=("method", "id"))


def copied(project: Path, folder: Path) -> Path:
    """Copy a project with the times of its files, so that `make` finds it as it was; without the rehearsals' trees."""
    shutil.copytree(project, folder, symlinks=True, ignore=shutil.ignore_patterns("rehearsal"))
    return folder
