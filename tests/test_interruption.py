"""`make` that is killed in the middle of a stage, on a very small run: what is there then, and how it goes on."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from small_project import RUN_FOLDER, command, due, make_project, predictions

pytestmark = pytest.mark.slow


def interrupt(project: Path, when: Path, how: signal.Signals) -> None:
    """Start `make submit` and send `how` to all its processes as soon as `when` exists."""
    process = subprocess.Popen(
        command("submit"),
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where tests run in the background
    )
    while not (project / when).exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    os.killpg(process.pid, how)
    process.wait()
    assert process.returncode != 0


def test_an_interrupted_make_goes_on_and_ends_as_the_undisturbed_one(done, tmp_path):
    project = make_project(tmp_path)  # with what does not depend on the training: it is not made a second time
    for made in ("data/triples", "data/models", "runs/micro/settings", "runs/micro/vector"):
        shutil.copytree(done[0] / made, project / made)
    (project / RUN_FOLDER.manifest("constant")).parent.mkdir()
    for made in (RUN_FOLDER.constant, RUN_FOLDER.manifest("constant"), RUN_FOLDER.manifest("vector")):
        shutil.copy2(done[0] / made, project / made)
    interrupt(project, RUN_FOLDER.metrics, signal.SIGKILL)
    assert not (project / RUN_FOLDER.trained("qlora")).exists()
    assert not (project / RUN_FOLDER.manifest("train")).exists()
    interrupt(project, Path("submissions/micro/rehearsal/commit-run-as-scored"), signal.SIGINT)
    assert not (project / "submissions/micro/rehearsal.json").exists()
    assert due(project) == ["rehearse"]
    assert not list(project.rglob("*.partial"))
    pd.testing.assert_frame_equal(predictions(project), predictions(done[0]))
