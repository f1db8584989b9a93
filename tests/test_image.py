"""The notebook runs on the versions of Kaggle's image: in an environment of its own, with the wheels of the bundle."""

import json
import subprocess
from pathlib import Path

import pytest
from conftest import PROJECT
from small_project import IMAGE_VENV

from prompt_recovery.submit.wheels.image import read_image
from prompt_recovery.submit.wheels.wheelhouse import pinned_wheels

pytestmark = pytest.mark.slow


def versions(python: Path) -> dict[str, str]:
    code = (
        "import json, re; from importlib.metadata import distributions as d; "
        "print(json.dumps({re.sub(r'[-_.]+', '-', one.name).lower(): one.version for one in d()}))"
    )
    return json.loads(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout)


def test_the_environment_has_the_versions_of_the_inventory_and_nothing_that_must_come_from_the_bundle(done):
    found, image = versions(IMAGE_VENV / "bin" / "python"), read_image().packages
    lines = (PROJECT / "requirements-image.txt").read_text().splitlines()
    pins = dict(line.split("  #")[0].split("==") for line in lines if not line.startswith("#"))
    pins = {name.replace("_", "-"): version for name, version in pins.items()}
    assert {name: found.get(name) for name in pins} == pins
    assert pins.keys() >= {"transformers", "peft", "accelerate", "sentence-transformers", "numpy", "pandas"}
    for name in pins.keys() & image.keys():
        assert image[name].startswith(">=") or image[name] == pins[name], f"{name}: the inventory has {image[name]}"
    assert not found.keys() & {*pinned_wheels(), "prompt-recovery", "trl"}


def test_the_whole_rehearsal_was_in_it(done):
    result = json.loads((done[0] / "submissions/micro/rehearsal.json").read_text())
    libraries = {"transformers": "5.0.0", "peft": "0.19.1", "accelerate": "1.13.0", "numpy": "2.0.2", "pandas": "2.2.2"}
    assert libraries.items() <= result["libraries"].items()
