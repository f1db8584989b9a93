"""The notebook runs on the versions of Kaggle's image: in an environment of its own, with the wheels of the bundle."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

from prompt_recovery.submit.wheels.image import read_image
from prompt_recovery.submit.wheels.wheelhouse import pinned_wheels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("PROMPT_RECOVERY_TEST_IMAGE") == "0", reason="switched off by the environment"),
]


@pytest.fixture(scope="module")
def image_python() -> Path:
    """Make the environment, unless `make image` was run before -> its interpreter."""
    command = ["make", "image", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/installed"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-2000:]
    return PROJECT / ".venv-image" / "bin" / "python"


def versions(python: Path) -> dict[str, str]:
    code = (
        "import json, re; from importlib.metadata import distributions as d; "
        "print(json.dumps({re.sub(r'[-_.]+', '-', one.name).lower(): one.version for one in d()}))"
    )
    return json.loads(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout)


def test_the_environment_has_the_versions_of_the_inventory_and_nothing_that_must_come_from_the_bundle(image_python):
    found, image = versions(image_python), read_image().packages
    lines = (PROJECT / "requirements-image.txt").read_text().splitlines()
    pins = dict(line.split("  #")[0].split("==") for line in lines if not line.startswith("#"))
    pins = {name.replace("_", "-"): version for name, version in pins.items()}
    assert {name: found.get(name) for name in pins} == pins
    assert pins.keys() >= {"transformers", "peft", "accelerate", "sentence-transformers", "numpy", "pandas"}
    for name in pins.keys() & image.keys():
        assert image[name].startswith(">=") or image[name] == pins[name], f"{name}: the inventory has {image[name]}"
    assert not found.keys() & {*pinned_wheels(), "prompt-recovery", "trl"}


def test_a_rehearsal_in_it_answers_all_rows_as_they_were_scored(image_python, done, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(done[0], project, symlinks=True, ignore=shutil.ignore_patterns("rehearsal"))
    script = [sys.executable, "scripts/rehearse.py", "--run", "runs/micro", "--python", image_python]
    finished = subprocess.run([*script, "--cases", "flat"], cwd=project, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
    for case, rows in {
        "commit-run-as-scored": 16,
        "hidden-run": 40,
        "commit-run-flat-mounts-Kaggle-s-one-row": 1,
    }.items():
        report = json.loads((project / "submissions/micro/rehearsal" / case / "working/run_report.json").read_text())
        assert report["libraries"]["transformers"] == "5.0.0" and report["libraries"]["peft"] == "0.19.1"
        assert (report["rows"], report["answered"]["default"], report["problems"]) == (rows, 0, [])
