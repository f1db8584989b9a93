"""What the machine has, each check at both of its ends."""

import json
from collections import namedtuple

import pytest

from prompt_recovery.config import Base, RunConfig, Train
from prompt_recovery.engines.memory_need import MemoryNeed
from prompt_recovery.submit.doctor import machine
from prompt_recovery.submit.doctor.machine import GIB

NEED = MemoryNeed(weights=4 * GIB, answering=12 * GIB, training=6 * GIB, disk_bytes=3 * GIB, overflows_in_fp16=False)
CUDA = RunConfig(name="x", data="x", device="cuda", base=Base(model="owner/model"))
CPU = CUDA.model_copy(update={"device": "cpu"})


def needing(**changes) -> MemoryNeed:
    return MemoryNeed(**{**NEED.__dict__, **changes})


def test_python():
    assert machine.check_python((3, 10), True).state == "problem"
    assert machine.check_python((3, 11), True).state == "ok"
    own = machine.check_python((3, 12), False)
    assert own.state == "warning" and ".venv" in own.expected


def test_packages_are_held_against_their_pins(tmp_path):
    from importlib.metadata import version

    pins = tmp_path / "requirements.txt"
    here = version("numpy").split("+")[0]
    pins.write_text(f"# a comment\nnumpy=={here}  # a reason\ntorch=={version('torch').split('+')[0]}\n")
    assert machine.check_packages(pins).state == "ok"
    pins.write_text(f"numpy=={here}\npandas==0.1\nno-such-package==1\n")
    found = machine.check_packages(pins)
    assert found.state == "problem" and "no-such-package not installed (==1)" in found.found
    assert f"pandas {version('pandas')} (==0.1)" in found.found and "numpy" not in found.found


def test_disk(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    for free, state in ((6, "ok"), (4, "problem")):  # of 2 for tables and 3 for adapters
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _, free=free: usage(9, 9, free * GIB))
        assert machine.check_disk(tmp_path, NEED).state == state
    assert machine.check_disk(tmp_path, None).state == "ok"


@pytest.mark.parametrize(
    ("gpus", "state"), [({}, "problem"), ({"0: T4": 11 * GIB}, "problem"), ({"0: A": 80 * GIB, "1: B": 13 * GIB}, "ok")]
)
def test_the_smallest_gpu_must_hold_the_run(gpus, state):
    assert machine.check_gpus(CUDA, NEED, gpus).state == state


def test_gpus_that_are_not_asked_for_or_shared():
    assert machine.check_gpus(CPU, None, {}).state == "ok"
    assert machine.check_gpus(CUDA.model_copy(update={"device": "auto"}), NEED, {}).state == "warning"
    assert machine.check_gpus(CUDA, None, {"0: A": GIB}).state == "warning"
    large, gpus = needing(weights=40 * GIB, training=42 * GIB), {"0: A": 24 * GIB, "1: A": 24 * GIB}
    sharded = CUDA.model_copy(update={"train": Train(sharding="full")})
    assert machine.check_gpus(sharded, large, gpus).state == "ok"  # 20 + 2 on each
    assert machine.check_gpus(CUDA, large, gpus).state == "problem"


@pytest.mark.parametrize(
    ("need", "state", "said"),
    [
        (NEED, "ok", "12.0 GiB reckoned, 4.0 GiB of them weights"),
        (None, "warning", "unknown"),
        (needing(answering=16 * GIB), "warning", "16.0 GiB"),
        (needing(weights=14 * GIB), "problem", "14.0 GiB of them weights"),
        (needing(overflows_in_fp16=True), "warning", "overflows in fp16"),
    ],
)
def test_a_t4_must_hold_the_answering_run(need, state, said):
    found = machine.check_t4(CUDA, need)
    assert found.state == state and said in found.found


def test_a_run_without_gpu_or_model_needs_no_t4():
    assert machine.check_t4(CPU, NEED) is None
    assert machine.check_t4(RunConfig(name="x", data="x", method="nearest", device="cuda"), None) is None


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without any credentials."""
    import os

    from huggingface_hub import constants

    for name in [name for name in os.environ if name.startswith(("KAGGLE", "HF_TOKEN", "XDG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hub-token"))
    return tmp_path


def credentials(missing=()) -> list[tuple[str, str]]:
    found = machine.check_credentials(missing)
    assert not any("secret" in one.text() for one in found)
    return [(one.state, one.found) for one in found]


def test_no_credentials(home):
    assert credentials() == [("warning", "none"), ("ok", "none, and no model of the run asks for one")]
    assert credentials(["base.model: is gated, set HF_TOKEN"])[1] == ("warning", "none")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (".kaggle/access_token", "KGAT_secret"),
        (".kaggle/kaggle.json", json.dumps({"username": "ada", "key": "secret"})),
        (".config/kaggle/kaggle.json", json.dumps({"username": "ada", "key": "secret"})),
        (".kaggle/credentials.json", json.dumps({"refresh_token": "secret"})),
    ],
)
def test_credentials_of_kaggle_in_a_file_are_named_and_not_shown(home, file, content):
    (home / file).parent.mkdir(parents=True)
    (home / file).write_text(content)
    state, found = credentials()[0]
    assert state == "ok" and file in found


def test_a_file_that_holds_no_credentials_is_none(home):
    (home / ".kaggle").mkdir()
    (home / ".kaggle" / "kaggle.json").write_text('{"username": "ada"}')
    (home / ".kaggle" / "credentials.json").write_text("[secret")
    assert credentials()[0] == ("warning", "none")


def test_credentials_in_variables_are_named_and_not_shown(home, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("KAGGLE_USERNAME", "ada")
    assert credentials()[0][0] == "warning"  # half of them
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    kaggle, hub = credentials(["set HF_TOKEN"])
    assert kaggle == ("ok", "in KAGGLE_USERNAME and KAGGLE_KEY; not tried, not shown")
    assert hub == ("ok", "in HF_TOKEN; not tried, not shown")
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_secret")
    assert credentials()[0] == ("ok", "in KAGGLE_API_TOKEN; not tried, not shown")


def test_the_hubs_file_counts(home):
    (home / "hub-token").write_text("secret")
    assert credentials()[1][0] == "ok"
