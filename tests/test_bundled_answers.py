"""A run, its bundle, the bundle unpacked elsewhere: new pairs get the same answers."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from prompt_recovery.config import Base, Choice, Embedder, Generation, Recover, RunConfig, Submit
from prompt_recovery.manifest import write_json
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.recover.answering import load_answerer
from prompt_recovery.recover.sources import source_files
from prompt_recovery.submit.bundle import build_bundle, bundle_files
from prompt_recovery.submit.unpacking import unpack_bundle
from prompt_recovery.tables import ANSWERS, TRIPLES, write_table

PROMPTS = ["Make it upper case.", "Rewrite this like a pirate.", "Make a list of it.", "Shorten this text, please."]
TEXTS = ["The kettle sang.", "Mabel wrote to her aunt.", "Bread is cheap.", "We left at nine.", "It rains in Cork."]
CHANGES = [str.upper, "Arr, {}".format, "- {}".format, lambda text: text.split()[0]]
PAIRS = pd.DataFrame({
    "id": ["x", "y", "z"],
    "original_text": ["The cat is old.", "Nobody came to tea.", "Who is there?"],
    "rewritten_text": ["THE CAT IS OLD.", "Arr, nobody came to tea.", "- Who is there?"],
})  # fmt: skip


def triples() -> pd.DataFrame:
    rows = [
        (
            f"{number}-{text}",
            TEXTS[text],
            prompt,
            CHANGES[number](TEXTS[text]),
            f"f{number}",
            prompt,
            "letter",
            "g",
            "r",
        )
        for number, prompt in enumerate(PROMPTS)
        for text in range(len(TEXTS))
    ]
    return pd.DataFrame([(*row, "train") for row in rows], columns=TRIPLES.names)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder with triples, as working folder: paths in a run are relative to it."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for part in ("train", "valid"):
        write_table(triples(), TriplesFolder.named("small").part(part), TRIPLES)
    return folder


def folder_of(run: RunConfig) -> RunFolder:
    folder = RunFolder(Path("runs") / run.name)
    folder.write_config(run)
    write_json(folder.constant, {"rewrite_prompt": "Improve it."})
    return folder


def answered_here_and_from_bundle(run: RunConfig, tmp_path: Path, monkeypatch) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answer the pairs by the run, and by its bundle where nothing of the project is at hand."""
    folder = folder_of(run)
    here = load_answerer(folder.path)(PAIRS)
    build_bundle(
        tmp_path / "bundle", run, bundle_files(run, folder, source_files(run, folder, decided=True).values()), []
    )
    Path.cwd().rename(tmp_path / "gone")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    unpacked = unpack_bundle(tmp_path / "bundle", Path.cwd(), inputs=tmp_path / "input")
    return here, load_answerer(unpacked)(PAIRS)


def test_a_run_without_tracks_answers_by_its_method(project, tmp_path, monkeypatch):
    run = RunConfig(name="near", data="small", device="cpu", method="nearest", recover=Recover(tracks=()),
                    embedder=Embedder(kind="wordllama"))  # fmt: skip
    here, there = answered_here_and_from_bundle(run, tmp_path, monkeypatch)
    pd.testing.assert_frame_equal(here, there)
    assert set(here["answered_by"]) == {"neighbour"} and list(here.columns) == ANSWERS.names


def test_a_run_with_a_track_answers_by_what_it_chooses(project, tmp_path, monkeypatch):
    run = RunConfig(name="chosen", data="small", device="cpu", method="nearest", recover=Recover(tracks=("clean",)),
                    embedder=Embedder(kind="wordllama"), choice=Choice(gate_powers=(0.0, 1.0)))  # fmt: skip
    fit_choice(run)
    here, there = answered_here_and_from_bundle(run, tmp_path, monkeypatch)
    pd.testing.assert_frame_equal(here, there)
    assert set(here["answered_by"]) <= {"neighbour", "retrieved", "decoded", "constant"}
    assert here["rewrite_prompt"].nunique() > 1


def fit_choice(run: RunConfig) -> None:
    """Write what a run with tracks decides by: its models of vectors and its choice."""
    from prompt_recovery.engines.embedder import recovery_embedder
    from prompt_recovery.recover.predictions import fitted_decision
    from prompt_recovery.recover.vector.vector_files import write_vector_files

    folder, rows = folder_of(run), triples()
    embed, constant = recovery_embedder(run.embedder, "cpu"), json.loads(folder.constant.read_text())["rewrite_prompt"]
    write_vector_files(folder.vector, rows, rows, embed, run, lambda: None, constant=constant)
    decision, _ = fitted_decision(rows, run, folder)
    write_json(folder.choice, decision.to_json())


def adapted(run: RunConfig, scale: float) -> None:
    """Give the run an adapter that changes what its base says, and the manifest that speaks of it."""
    import torch
    from peft.tuners.lora import LoraLayer

    from prompt_recovery.config import stage_settings
    from prompt_recovery.engines.language_model import base_record
    from prompt_recovery.engines.recoverer import load_recoverer
    from prompt_recovery.engines.trainable import make_trainable, save_trained
    from prompt_recovery.manifest import sha256

    folder = folder_of(run)
    base = load_recoverer(run, None).model
    record = base_record(base, run.base.model)
    model = make_trainable(base, run)
    for module in model.modules():
        if isinstance(module, LoraLayer):
            torch.nn.init.normal_(module.lora_B["default"].weight, std=scale)
    save_trained(model, folder.trained(run.method), record)
    told = {"config": stage_settings(run, "train"), "outputs": {"adapter": sha256(folder.trained(run.method))}}
    write_json(folder.manifest("train"), told)


@pytest.mark.slow
@pytest.mark.parametrize(("tracks", "mounted"), [((), False), (("clean",), False), (("clean",), True)])
def test_a_model_with_its_adapters_answers_the_same(tracks, mounted, project, tmp_path, monkeypatch, model_folder):
    shutil.copytree(model_folder("llama"), "data/models/small")
    submit = Submit(base_source="owner/small" if mounted else None)
    if mounted:
        shutil.copytree(model_folder("llama"), tmp_path / "input" / "datasets" / "owner" / "small")
    common = {"data": "small", "device": "cpu", "method": "lora", "base": Base(model="data/models/small")}
    common["embedder"] = Embedder(kind="wordllama")
    adapted(RunConfig(name="beside", **common), 0.5)
    generation = Generation(max_new_tokens=8, adapters=("beside",) if tracks else ())
    run = RunConfig(name="own", **common, generation=generation, recover=Recover(tracks=tracks), submit=submit)
    adapted(run, 0.2)
    if tracks:
        fit_choice(run)
    here, there = answered_here_and_from_bundle(run, tmp_path, monkeypatch)
    pd.testing.assert_frame_equal(here, there)
    assert Path("data/models/small").is_symlink() == mounted
