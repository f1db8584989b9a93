import hashlib
import json
import zipfile

import nbformat
import pytest
from conftest import PROJECT

from prompt_recovery.config import Base, RunConfig, Submit
from prompt_recovery.errors import InputError
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
    render_notebook(
        PROJECT / "submissions" / "notebook.py", tmp_path / "notebook.ipynb", bundle_id="abc123", default="Improve it."
    )
    notebook = nbformat.read(tmp_path / "notebook.ipynb", as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    sources = "\n".join(cell.source for cell in notebook.cells)
    assert "BUNDLE_ID = 'abc123'" in sources and "DEFAULT = 'Improve it.'" in sources
    assert "set by make submit" not in sources
    assert {cell.cell_type for cell in notebook.cells} == {"markdown", "code"}


def test_a_source_without_the_id_line_is_refused(tmp_path):
    (tmp_path / "n.py").write_text("# %%\nprint(1)\n")
    with pytest.raises(InputError, match="expected the line 'BUNDLE_ID = "):
        render_notebook(tmp_path / "n.py", tmp_path / "n.ipynb", bundle_id="abc", default="x")


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


def test_ids_that_repeat_in_test_csv_must_repeat_in_the_submission(tmp_path):
    (tmp_path / "submission.csv").write_text("id,rewrite_prompt\n1,x\n2,y\n1,z\n")
    assert list(check_submission(tmp_path / "submission.csv", ["1", "2", "1"])["rewrite_prompt"]) == ["x", "y", "z"]
    with pytest.raises(InputError, match=r"expected the 4 ids of test.csv in order, found 3, other from row 3"):
        check_submission(tmp_path / "submission.csv", ["1", "2", "1", "1"])


def test_a_good_submission_is_read(tmp_path):
    (tmp_path / "submission.csv").write_text('id,rewrite_prompt\n1,"Make it, rhyme."\n2,x\n')
    assert list(check_submission(tmp_path / "submission.csv", ["1", "2"])["rewrite_prompt"]) == ["Make it, rhyme.", "x"]


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_texts(tmp_path):
    wheel = build_wheel(PROJECT, tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())
    source = PROJECT / "src"
    wanted = {str(file.relative_to(source)) for file in (source / "prompt_recovery").rglob("*")
              if file.suffix in {".py", ".toml", ".txt", ".j2"}}  # fmt: skip
    assert wanted <= names
    assert not any("test" in name for name in names)
