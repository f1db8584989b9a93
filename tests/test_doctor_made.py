"""Stages that are made, missing, or of other settings or inputs than those of now."""

from pathlib import Path

import pytest

from prompt_recovery.config import RunConfig, stage_settings
from prompt_recovery.manifest import sha256, write_json
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.submit.doctor.made import check_stages

RUN = RunConfig(name="x", data="d", method="nearest")
FOLDER = RunFolder(Path("runs/x"))
# what each stage reads and makes, as the real manifests have it: a name and the hash of its content
STAGES = {
    "train": ({}, {}),
    "constant": ({"train": "t0"}, {"constant.json": "c0"}),
    "vector": ({"train": "t0"}, {"vector": "v0"}),
    "choose": ({"vector": "v0", "constant": "c0"}, {"choice.json": "h0"}),
    "recover": ({"choice": "h0", "vector": "v0", "train": "t0"}, {"predictions.parquet": "p0"}),
    "score": ({"predictions": "p0"}, {"score.json": "s0"}),
}


def write(stage: str, inputs: dict, outputs: dict, run: RunConfig = RUN) -> None:
    path = FOLDER.submission / "manifest.json" if stage == "submit" else FOLDER.manifest(stage)
    write_json(path, {"config": stage_settings(run, stage), "inputs": inputs, "outputs": outputs})


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A project in which all is made."""
    monkeypatch.chdir(tmp_path)
    triples = TriplesFolder.named("d").manifest
    write_json(triples, {"outputs": {"train.parquet": "t0"}})
    for stage, (inputs, outputs) in STAGES.items():
        write(stage, {"triples": sha256(triples)} if stage == "train" else inputs, outputs)
    write("submit", {"vector": "v0", "choice": "h0"}, {"bundle": "b0"})


def test_all_is_made(made):
    (stages,) = check_stages(RUN, FOLDER)
    assert stages.state == "ok"
    assert stages.found == "made: data, train, constant, vector, choose, recover, score, submit"


def test_what_is_missing_is_named(made):
    FOLDER.manifest("recover").unlink()
    stages = check_stages(RUN, FOLDER)[0]
    assert stages.state == "warning" and stages.found.endswith("; not yet: recover")


def test_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (stages,) = check_stages(RUN, FOLDER)
    assert stages.found == "not yet: data, train, constant, vector, choose, recover, score, submit"


def test_a_stage_with_other_settings_is_stale(made):
    other = RUN.model_copy(update={"constant": RUN.constant.model_copy(update={"beam": 3})})
    stages, constant = check_stages(other, FOLDER)
    assert "constant" not in stages.found.replace("constant.json", "")
    assert (constant.subject, constant.state) == ("constant", "warning")
    assert "comes from another config: constant: made with" in constant.found


def test_a_stage_of_other_inputs_than_there_are_now_is_stale(made):
    write("vector", {"train": "t0"}, {"vector": "v1"})
    stale = [one for one in check_stages(RUN, FOLDER) if one.subject != "stages"]
    assert [one.subject for one in stale] == ["choose", "recover", "submit"]
    assert all(one.found.endswith("made from another vector than there is now") for one in stale)


def test_new_triples_make_what_was_trained_on_the_old_ones_stale(made):
    write_json(TriplesFolder.named("d").manifest, {"outputs": {"train.parquet": "t1"}})
    stale = {one.subject for one in check_stages(RUN, FOLDER)} - {"stages"}
    assert stale == {"train", "constant", "vector", "recover"}


def test_another_runs_adapter_is_no_other_input(made):
    first = RunFolder(Path("runs/first"))
    write_json(first.manifest("train"), {"outputs": {"adapter": "a0"}})
    inputs, outputs = STAGES["recover"]
    write("recover", inputs | {"adapter first": "a0"}, outputs)
    assert [one.subject for one in check_stages(RUN, FOLDER)] == ["stages", "recover"]
    beside = RUN.model_copy(update={"generation": RUN.generation.model_copy(update={"adapters": ("first",)})})
    recover = next(one for one in check_stages(beside, FOLDER) if one.subject == "recover")
    assert "another config" in recover.found  # and no longer another input
