"""scripts/doctor.py: all checks of a run in a fresh clone, and what `make` is told by its exit code."""

import os
import re
import runpy
import shutil
import sys

import pytest
from conftest import PROJECT
from small_submission import make_submission


@pytest.fixture
def doctor(tmp_path, monkeypatch, capsys):
    """A function from arguments to exit code and output, in a folder like a fresh clone's, of a user without a home."""
    shutil.copytree(PROJECT / "configs", tmp_path / "configs")
    shutil.copy(PROJECT / "requirements.txt", tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("KAGGLE", "HF_TOKEN"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["doctor.py", *arguments])
        try:
            runpy.run_path(str(PROJECT / "scripts" / "doctor.py"), run_name="__main__")
        except SystemExit as end:
            said = capsys.readouterr()
            return end.code, said.out + said.err
        return 0, capsys.readouterr().out

    return run


def test_the_embedded_run_has_all_that_it_needs_in_a_fresh_clone(doctor):
    code, said = doctor("--run", "runs/tiny")
    assert code == 0 and re.match(r"run tiny: 0 problems, \d warnings, \d+ ok\n", said)
    for line in ("ok       GPU                     not needed", "warning  bundle                  none yet"):
        assert line in said
    assert "ok       wheels                  to come" in said
    assert max(map(len, said.splitlines())) <= 120


def test_the_real_run_lacks_gpu_and_models_here_and_is_an_exit_code(doctor):
    code, said = doctor("--run", "runs/mistral-7b", "--set", "submit.owner=ada")
    assert code == 1 and "ok       submit.owner            ada" in said
    for subject in ("GPU", "base.model", "embedder.model", "rewriter.model", "submit.embedder_source"):
        assert f"\nproblem  {subject:<24}" in said
    assert "HF_HUB_OFFLINE is set" in said  # by the tests, which ask no hub


def test_causes_are_printed_and_an_unknown_class_is_bad_input(doctor, tmp_path):
    make_submission(tmp_path)
    code, said = doctor("--run", "runs/tiny", "--error", "notebook timeout")
    assert code == 0 and said.startswith("Notebook Timeout, run tiny, bundle ")
    code, said = doctor("--run", "runs/tiny", "--error", "Kernel Panic")
    assert code == 2 and "error: ERROR='Kernel Panic': is no class of errors that Kaggle shows" in said
    assert doctor("--run", "runs/none")[0] == 2
