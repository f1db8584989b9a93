import hashlib
import json
import subprocess
import sys
import zipfile

import nbformat
import pandas as pd
import pytest
from conftest import PROJECT

from prompt_recovery.config import Base, RunConfig, Submit
from prompt_recovery.errors import InputError
from prompt_recovery.submit import rehearsal
from prompt_recovery.submit.bundle import (
    MARKER,
    build_bundle,
    bundle_files,
    dataset_metadata,
    kernel_metadata,
    unpack_bundle,
)
from prompt_recovery.submit.notebook import render_notebook
from prompt_recovery.submit.submission_file import check_submission
from prompt_recovery.submit.wheel import build_wheel

RUN = RunConfig(name="tiny", data="tiny", device="cpu", base=Base(model="data/models/tiny"))
SOURCE = "owner/model/framework/variation/1"


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "runs" / "tiny"
    (folder / "adapter").mkdir(parents=True)
    for name in (
        "constant.json",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "adapter/base.json",
    ):
        (folder / name).write_text(f'"{name}"')
    (folder / "adapter" / "README.md").write_text("not for upload")
    (folder / ".env").write_text("SECRET=1")
    base = tmp_path / "base"
    base.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "manifest.json"):
        (base / name).write_text(name)
    return folder


@pytest.fixture
def bundle(run_folder, tmp_path):
    wheel = tmp_path / "prompt_recovery-0.1.0-py3-none-any.whl"
    wheel.write_text("wheel")
    build_bundle(tmp_path / "bundle", RUN, bundle_files(run_folder, tmp_path / "base"), [wheel])
    return tmp_path / "bundle"


def test_a_bundle_is_flat_and_holds_what_is_on_the_list(bundle):
    assert sorted(entry.name for entry in bundle.iterdir()) == [
        "adapter--adapter_config.json", "adapter--adapter_model.safetensors", "adapter--base.json",
        "base--config.json", "base--model.safetensors", "base--tokenizer.json", "config.json", "constant.json",
        "dataset-metadata.json", MARKER, "prompt_recovery-0.1.0-py3-none-any.whl",
    ]  # fmt: skip


def test_the_marker_has_the_hash_of_every_file(bundle):
    marker = json.loads((bundle / MARKER).read_text())
    for name, entry in marker["files"].items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == entry["sha256"]
    assert {entry.name for entry in bundle.iterdir()} - marker["files"].keys() == {MARKER, "dataset-metadata.json"}


def test_the_id_changes_with_any_byte(run_folder, bundle, tmp_path):
    first = json.loads((bundle / MARKER).read_text())["bundle_id"]
    files = bundle_files(run_folder, tmp_path / "base")
    assert build_bundle(tmp_path / "a", RUN, files, []) != first
    again = build_bundle(tmp_path / "b", RUN, files, [])
    assert again == build_bundle(tmp_path / "c", RUN, files, [])
    (run_folder / "constant.json").write_text("other")
    assert build_bundle(tmp_path / "d", RUN, files, []) != again


def test_an_unpacked_bundle_is_a_run_folder_again(bundle, tmp_path):
    folder = unpack_bundle(bundle, tmp_path / "unpacked", models=tmp_path)
    assert (folder / "adapter" / "base.json").read_text() == '"adapter/base.json"'
    config = json.loads((folder / "config.json").read_text())
    assert config["base"]["model"] == str(folder / "base")
    assert config["generation"] == RUN.generation.model_dump(mode="json")


@pytest.mark.parametrize("mounted", [f"models/{SOURCE}", "model/framework/variation/1", SOURCE])
def test_a_base_that_kaggle_mounts_is_found_in_every_layout(run_folder, tmp_path, mounted):
    run = RUN.model_copy(update={"submit": Submit(base_source=SOURCE)})
    build_bundle(tmp_path / "bundle", run, bundle_files(run_folder, None), [])
    with pytest.raises(InputError, match=r"the base model is not mounted; looked in .*models/owner/model"):
        unpack_bundle(tmp_path / "bundle", tmp_path / "first", models=tmp_path / "input")
    model = tmp_path / "input" / mounted
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    folder = unpack_bundle(tmp_path / "bundle", tmp_path / "second", models=tmp_path / "input")
    assert json.loads((folder / "config.json").read_text())["base"]["model"] == str(model)


def test_what_is_not_there_cannot_be_bundled(run_folder):
    (run_folder / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(
        InputError, match=r"cannot be bundled, not there: .*adapter_model.safetensors. Run `make train`"
    ):
        bundle_files(run_folder, None)


def test_kernel_metadata_is_offline_and_its_title_is_its_slug():
    metadata = kernel_metadata(RUN.model_copy(update={"device": "cuda", "submit": Submit(owner="me")}))
    assert metadata["enable_internet"] is False
    assert (metadata["enable_gpu"], metadata["machine_shape"]) == (True, "NvidiaTeslaT4")
    assert metadata["id"] == "me/" + metadata["title"].replace(" ", "-")
    assert metadata["dataset_sources"] == ["me/prompt-recovery-tiny"]
    assert kernel_metadata(RUN)["enable_gpu"] is False


def test_dataset_metadata_has_one_licence_and_a_slug_that_is_its_title():
    metadata = dataset_metadata(RUN)
    assert metadata["id"].split("/")[1] == metadata["title"].replace(" ", "-")
    assert len(metadata["licenses"]) == 1


def test_a_name_too_long_for_kaggle_is_refused():
    with pytest.raises(InputError, match=r"Kaggle wants 6-50 characters, this has \d+. Give the run a shorter name"):
        dataset_metadata(RUN.model_copy(update={"name": "x" * 50}))


def test_the_notebook_holds_its_bundle_id_and_a_kernel(tmp_path):
    render_notebook(PROJECT / "submissions" / "notebook.py", tmp_path / "notebook.ipynb", "abc123")
    notebook = nbformat.read(tmp_path / "notebook.ipynb", as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    sources = "\n".join(cell.source for cell in notebook.cells)
    assert 'BUNDLE_ID = "abc123"' in sources and "set by make submit" not in sources
    assert {cell.cell_type for cell in notebook.cells} == {"markdown", "code"}


def test_a_source_without_the_id_line_is_refused(tmp_path):
    (tmp_path / "n.py").write_text("# %%\nprint(1)\n")
    with pytest.raises(InputError, match="expected the line 'BUNDLE_ID = "):
        render_notebook(tmp_path / "n.py", tmp_path / "n.ipynb", "abc")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,rewrite_prompt\n2,x\n1,y\n", r"expected the 2 ids of test.csv in order, found 2, other from row 0"),
        ("id,rewrite_prompt\n1,x\n", r"found 1, other from row 1"),
        ("id,rewrite_prompt\n1,x\n2,NA\n", r"row 1: 'NA' reads as null"),
        ("id,rewrite_prompt\n1,x\n2,\n", r"row 1: '' reads as null"),
        ("id,rewrite_prompt,x\n1,x,y\n2,x,y\n", r"expected the columns \['id', 'rewrite_prompt'\]"),
        ("id,rewrite_prompt\n1,x\n1,y\n", r"column id, row 1: '1' occurs a second time"),
    ],
)
def test_a_submission_that_kaggle_would_refuse_is_refused(tmp_path, text, message):
    (tmp_path / "submission.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        check_submission(tmp_path / "submission.csv", ["1", "2"])


def test_every_word_that_pandas_reads_as_null_is_refused(tmp_path):
    from pandas._libs.parsers import STR_NA_VALUES

    from prompt_recovery.tables import READS_AS_NULL

    assert STR_NA_VALUES <= READS_AS_NULL


def test_a_good_submission_is_read(tmp_path):
    (tmp_path / "submission.csv").write_text('id,rewrite_prompt\n1,"Make it, rhyme."\n2,x\n')
    assert list(check_submission(tmp_path / "submission.csv", ["1", "2"])["rewrite_prompt"]) == ["Make it, rhyme.", "x"]


def test_whole_batches_are_rehearsed_in_another_order():
    test = pd.DataFrame({"id": list("abcdefgh")})
    predictions = pd.DataFrame({"id": list("abcdefgh"), "batch": [0, 1, 0, 1, 2, 2, 3, 3]})
    assert set(rehearsal.choose_rows(test, predictions, 3, seed=0)["id"]) == set("abcd")
    assert set(rehearsal.choose_rows(test, predictions, 4, seed=0)["id"]) == set("abcd")
    everything = list(rehearsal.choose_rows(test, predictions, 100, seed=0)["id"])
    assert sorted(everything) == list("abcdefgh") != everything


def test_other_scores_than_those_of_stage_4_fail(embed_angles):
    truth = pd.DataFrame({"id": ["a", "b"], "rewrite_prompt": ["0", "0"]})
    scored = pd.DataFrame({"id": ["a", "b", "c"], "score": [1.0, 0.125, 0.5]})
    answers = pd.DataFrame({"id": ["b", "a"], "rewrite_prompt": ["60", "0"]})
    assert rehearsal.require_same_scores(answers, truth, scored, embed_angles) == pytest.approx(0.5625)
    with pytest.raises(InputError, match="1 of 2 rehearsed rows score otherwise than in stage 4"):
        rehearsal.require_same_scores(answers.assign(rewrite_prompt=["30", "0"]), truth, scored, embed_angles)


def isolated(root, code: str) -> subprocess.CompletedProcess:
    isolation = rehearsal.find_isolation(root)
    return subprocess.run(
        [*isolation.command, sys.executable, "-c", code], env=isolation.environment, capture_output=True, text=True
    )


@pytest.fixture(params=["namespace", "socket block"])
def root(request, tmp_path, monkeypatch):
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "test.csv").write_text("id")
    if request.param == "socket block":
        monkeypatch.setenv("PATH", "")  # no unshare
        assert "no network namespace" in rehearsal.find_isolation(tmp_path).description
    elif "no network namespace" in rehearsal.find_isolation(tmp_path).description:
        pytest.skip("network namespaces are not permitted here")
    yield tmp_path
    (tmp_path / "input").chmod(0o755)


def test_in_isolation_loopback_answers_and_nothing_else_does(root):
    loopback = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname(), 5)"
    assert isolated(root, loopback).returncode == 0
    outside = isolated(root, "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)")
    assert outside.returncode == 1
    assert "unreachable" in outside.stderr or "the rehearsal has no network" in outside.stderr


def test_in_a_namespace_the_input_is_read_only(root):
    if rehearsal.find_isolation(root).command:
        finished = isolated(root, f"open({str(root / 'input' / 'test.csv')!r}, 'a')")
        assert "Read-only file system" in finished.stderr
    else:
        assert (root / "input" / "test.csv").stat().st_mode & 0o222 == 0


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_texts(tmp_path):
    wheel = build_wheel(PROJECT, tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())
    source = PROJECT / "src"
    wanted = {str(file.relative_to(source)) for file in (source / "prompt_recovery").rglob("*")
              if file.suffix in {".py", ".toml", ".txt", ".j2"}}  # fmt: skip
    assert wanted <= names
    assert not any("test" in name for name in names)
