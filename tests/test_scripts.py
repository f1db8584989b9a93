"""Bad input at the doors: each script ends with one readable message, exit code 2, and loses nothing."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import PROJECT

from prompt_recovery.config import Base, Embedder, RunConfig, stage_settings
from prompt_recovery.config_file import load_toml
from prompt_recovery.engines.requirements_check import missing_requirements
from prompt_recovery.manifest import write_json
from prompt_recovery.places import RunFolder


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder like a fresh clone's, with the configs only."""
    shutil.copytree(PROJECT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_folder(project) -> RunFolder:
    """A run whose stages before recovery are on record, though no model is there."""
    run = load_toml(RunConfig, project / "configs" / "run" / "tiny.toml")
    folder = RunFolder(Path("runs/tiny"))
    write_json(folder.config, run.model_dump(mode="json"))
    for stage in run.stages_before_recovery:
        write_json(folder.manifest(stage), {"config": stage_settings(run, stage)})
    write_json(folder.constant, {"rewrite_prompt": "Improve the text."})
    return folder


def complaint(script: str, *arguments: str) -> str:
    command = [sys.executable, PROJECT / "scripts" / f"{script}.py", *arguments]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 2, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished.stderr


def test_configure_writes_configs_and_settings(project):
    command = [sys.executable, PROJECT / "scripts" / "configure.py", "--run", "tiny", "--set", "lora.rank=8"]
    subprocess.run([*command, "--set-data", "seed=3"], check=True)
    folder = RunFolder(project / "runs" / "tiny")
    assert folder.read_config().lora.rank == 8
    assert '"seed": 3' in (project / "data/triples/tiny/config.json").read_text()
    before = folder.settings("train").stat().st_mtime_ns
    subprocess.run([*command, "--set-data", "seed=3"], check=True)
    assert folder.settings("train").stat().st_mtime_ns == before


def test_a_bad_config_changes_nothing(project):
    message = complaint("configure", "--run", "tiny", "--set", "lora.rnak=8", "lora.rank=-1")
    assert "did you mean 'rank'?" in message and "found -1" in message
    assert not (project / "runs").exists() and not (project / "data").exists()


@pytest.mark.slow
def test_the_real_run_stops_at_once_and_says_what_is_missing(project, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(project / "empty-cache"))
    message = complaint("configure", "--run", "mistral-7b")
    for key in ("base.model = 'mistralai/Mistral-7B-Instruct-v0.2'", "rewriter.model = 'google/gemma-7b-it'",
                "embedder.model = 'sentence-transformers/sentence-t5-base'"):  # fmt: skip
        assert f"{key}: not in the cache, and the hub does not give it" in message
    assert 'device = "cuda": no CUDA GPU is visible on this machine.' in message
    assert "accept its licence and set HF_TOKEN" in message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('{"model_type": "bert", "architectures": ["BertModel"]}', "is no causal language model: .* names BertModel"),
        ('{"model_type": "llama"}', "is no causal language model: its config.json names no architecture"),
        ("{", "cannot be loaded .*not a valid JSON file"),
    ],
)
def test_a_base_that_is_not_causal_is_known_before_any_data_are_made(project, settings, said):
    (project / "encoder").mkdir()
    (project / "encoder" / "config.json").write_text(settings)
    message = complaint("configure", "--run", "mistral-7b", "--set", "base.model=encoder", "device=cpu")
    assert re.search(f"base.model = encoder: {said}", message)
    assert not (project / "data").exists() and not (project / "runs").exists()


def test_a_base_that_calls_itself_causal_is_believed_until_it_is_loaded(project):
    (project / "mistral").mkdir()
    (project / "mistral" / "config.json").write_text('{"architectures": ["MistralForCausalLM"]}')
    run = RunConfig(name="x", data="x", device="cpu", base=Base(model="mistral"), embedder=Embedder(kind="minilm"))
    assert missing_requirements(run, None) == []


@pytest.mark.slow
def test_a_name_that_is_neither_folder_nor_hub_id_is_said_to_be_none(project):
    message = complaint("configure", "--run", "mistral-7b", "--set", "base.model=no such/model/here")
    assert "base.model = 'no such/model/here': is neither a model folder nor a hub id (owner/model)" in message


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["1"], "original_text": ["a"]}, "no column rewritten_text; found: id, original_text"),
        ({"id": ["1", "1"], "original_text": ["a"] * 2, "rewritten_text": ["b"] * 2}, "'1' occurs a second time"),
        ({"id": ["1"], "original_text": [None], "rewritten_text": ["b"]}, "column original_text, row 0: null"),
    ],
)
def test_recover_refuses_bad_pairs_before_it_loads_a_model(run_folder, project, columns, message):
    pd.DataFrame(columns).to_parquet("pairs.parquet")
    (project / "out.csv").write_text("old answers")
    arguments = ("--run", "runs/tiny", "--pairs", "pairs.parquet", "--output", "out.csv")
    assert message in complaint("recover", *arguments)
    assert (project / "out.csv").read_text() == "old answers"


def test_recover_refuses_a_run_folder_of_another_config(run_folder):
    run = run_folder.read_config()
    other = run.model_copy(update={"lora": run.lora.model_copy(update={"rank": 8})})
    write_json(run_folder.config, other.model_dump(mode="json"))
    message = complaint("recover", "--run", "runs/tiny")
    assert "runs/tiny/manifests/train.json: comes from another config: lora: made with {'rank': " in message
    assert "Run `make train RUN=tiny` again" in message


def test_a_run_that_was_never_trained_says_what_to_do(project):
    assert "runs/none/config.json: not found. It is made by `make train RUN=none`" in complaint(
        "recover", "--run", "runs/none"
    )


def test_train_refuses_a_truncated_file(run_folder, project):
    folder = project / "data" / "triples" / "tiny"
    folder.mkdir(parents=True)
    (folder / "train.parquet").write_bytes(b"PAR1 and no more")
    assert "train.parquet: is no whole parquet file" in complaint("train", "--run", "runs/tiny")


@pytest.mark.slow
def test_score_names_ids_that_do_not_match(project):
    pd.DataFrame({"id": ["1", "2"], "rewrite_prompt": ["a", "b"]}).to_csv("truth.csv", index=False)
    pd.DataFrame({"id": ["1", "3"], "rewrite_prompt": ["a", "b"]}).to_csv("predictions.csv", index=False)
    arguments = ("--predictions", "predictions.csv", "--truth", "truth.csv", "--embedder", "minilm")
    assert "1 id(s) of the truth have no prediction (first: ['2'])" in complaint("score", *arguments)


@pytest.mark.slow
def test_score_of_any_two_files_names_its_embedder(project):
    pd.DataFrame({"id": [1, 2], "rewrite_prompt": ["Make it rhyme.", "Make it sad."]}).to_csv("truth.csv", index=False)
    command = [sys.executable, PROJECT / "scripts" / "score.py", "--predictions", "truth.csv", "--truth", "truth.csv"]
    finished = subprocess.run([*command, "--embedder", "minilm"], capture_output=True, text=True, check=True)
    assert finished.stdout.startswith("SCS with minilm, 95% intervals by family")
    assert "1.000 [1.000, 1.000]" in finished.stdout
    assert "Beside SCS: shared words; recall among 2 prompts, by chance 0.500, 1.000, 1.000" in finished.stdout


@pytest.mark.slow
def test_score_without_the_competition_embedder_says_how_to_get_it(project, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(project / "empty-cache"))
    pd.DataFrame({"id": [1], "rewrite_prompt": ["a"]}).to_csv("truth.csv", index=False)
    message = complaint("score", "--predictions", "truth.csv", "--truth", "truth.csv")
    assert "embedder.model sentence-transformers/sentence-t5-base: cannot be loaded" in message
