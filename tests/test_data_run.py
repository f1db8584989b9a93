"""The script of stage 1, killed at several moments: the next run ends as an undisturbed one, and nothing is left."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PROJECT
from test_imported import brought

from prompt_recovery.config import DataConfig
from prompt_recovery.manifest import write_json
from prompt_recovery.places import TriplesFolder

pytestmark = pytest.mark.slow

FILES = 24  # each a batch at least: the first 20 are cleaned without processes

CONFIG = DataConfig.model_validate({
    "name": "x",
    "originals": {"count": 400, "max_words": 40},
    "rewriter": {"rows_per_shard": 250},
    "split": {"train_rows": 1_100, "valid_rows": 20, "test_rows": 40, "held_out_families": 2},
    "imported": [
        {"path": f"{number}.parquet", "prompt_column": "prompt", "rewritten_column": "after"}
        for number in range(FILES)
    ],
})  # fmt: skip
FOLDER = TriplesFolder.named("x")
KILLED_WHEN = {
    "rewriting": "shards/000002.parquet",
    "cleaning here": ".cleaned/000002.kept.parquet",
    "cleaning in processes": ".cleaned/000022.kept.parquet",
    "writing": ".train.parquet.partial",
}


def started(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, PROJECT / "scripts/data.py", "--data", "x"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROJECT / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def finished(folder: Path) -> tuple[dict[str, str], dict]:
    """Run to the end -> the hash of every table, and the counts."""
    process = started(folder)
    _, complaint = process.communicate()
    assert process.returncode == 0, complaint
    place = folder / FOLDER.path
    tables = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in place.glob("*.parquet")}
    return tables, json.loads((place / "manifest.json").read_text())["counts"]


def children(process: int) -> set[int]:
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    return {child for child, parent in pairs if parent == process}


def alive(process: int) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return bool(shown.strip()) and not shown.startswith("Z")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    frame = brought(60 * FILES).rename(columns={"before": "original_text"})
    for number in range(FILES):
        frame[number::FILES].to_parquet(folder / f"{number}.parquet", index=False)
    write_json(folder / FOLDER.config, CONFIG.model_dump(mode="json"))
    return folder


def test_a_killed_run_goes_on_and_ends_as_the_undisturbed_one(project):
    undisturbed = finished(project)
    place = project / FOLDER.path
    for shard in (place / "shards").iterdir():
        shard.unlink()
    for moment, appears in KILLED_WHEN.items():
        process = started(project)
        while not (place / appears).exists():
            assert process.poll() is None, f"{moment}: {process.stderr.read()}"
            time.sleep(0.005)
        workers = children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.stderr.close()
        process.wait()
        assert not (place / "manifest.json").exists(), moment
        time.sleep(1)
        assert not any(map(alive, workers)), moment
    assert finished(project) == undisturbed
    assert not [path for path in place.iterdir() if path.name.startswith(".")]
