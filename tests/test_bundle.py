"""What a bundle holds, and that an unpacked one is the run again, in either layout of Kaggle's mounts."""

import hashlib
import json
from pathlib import Path

import pytest
from small_wheels import make_wheel

from prompt_recovery.config import Base, Embedder, Generation, RunConfig, Submit
from prompt_recovery.errors import InputError
from prompt_recovery.places import RunFolder
from prompt_recovery.submit.bundle import MARKER, build_bundle, bundle_files
from prompt_recovery.submit.unpacking import unpack_bundle

MODEL, DATASET = "owner/model/framework/variation/1", "owner/the-embedder"
MINILM = Embedder(kind="minilm")
RUN = RunConfig(name="tiny", data="tiny", device="cpu", base=Base(model="data/models/tiny"), embedder=MINILM)
FOLDER = RunFolder(Path("runs/tiny"))
SOURCES = [FOLDER.path / "adapter", FOLDER.vector, FOLDER.choice, FOLDER.constant]
FILES = [
    "runs/tiny/config.json", "runs/tiny/constant.json", "runs/tiny/choice.json",
    "runs/tiny/adapter/adapter_config.json", "runs/tiny/adapter/adapter_model.safetensors",
    "runs/tiny/vector/bank/vectors.npy", "data/models/tiny/config.json", "data/models/tiny/model.safetensors",
]  # fmt: skip
NEVER = [
    "runs/tiny/.env", "runs/tiny/adapter/.netrc", "runs/tiny/adapter/.login.json", "runs/tiny/adapter/optimizer.pt",
    "data/models/tiny/weights.zip", "data/models/tiny/.cache/huggingface/told.json",
]  # fmt: skip


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> Path:
    """A project as `make score` leaves it, with what must never be uploaded among it, as working folder."""
    folder = tmp_path / "project"
    for name in FILES + NEVER:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'"{name}"')
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def wheel(tmp_path) -> Path:
    return make_wheel(tmp_path, "prompt_recovery", "0.1.0")


def built(folder: Path, run: RunConfig = RUN, wheels=()) -> str:
    return build_bundle(folder, run, bundle_files(run, FOLDER, SOURCES), wheels)


def marker_of(bundle: Path) -> dict:
    return json.loads((bundle / MARKER).read_text())


def test_a_bundle_is_flat_and_holds_what_is_on_the_list(tmp_path, wheel):
    built(tmp_path / "bundle", wheels=[wheel])
    names = {entry.name for entry in (tmp_path / "bundle").iterdir()}
    flat = {name.replace("/", "--") for name in FILES}
    assert names == flat | {wheel.name, "LICENCES.txt", MARKER, "dataset-metadata.json"}


def test_the_marker_has_the_hash_of_every_file(tmp_path, wheel):
    built(tmp_path / "bundle", wheels=[wheel])
    for name, entry in marker_of(tmp_path / "bundle")["files"].items():
        content = (tmp_path / "bundle" / name).read_bytes()
        assert (entry["sha256"], entry["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_id_changes_with_any_byte_and_with_what_is_mounted(tmp_path, wheel):
    first = built(tmp_path / "a")
    assert built(tmp_path / "b") == first != built(tmp_path / "c", wheels=[wheel])
    mounted = RUN.model_copy(update={"submit": Submit(base_source=MODEL)})
    other = mounted.model_copy(update={"submit": Submit(base_source=MODEL[:-1] + "2")})
    assert built(tmp_path / "d", mounted) != built(tmp_path / "e", other)
    Path("runs/tiny/constant.json").write_text("other")
    assert built(tmp_path / "f") != first


def test_an_unpacked_bundle_is_the_run_again(tmp_path, wheel):
    built(tmp_path / "bundle", wheels=[wheel])
    (tmp_path / "bundle").chmod(0o555)
    folder = unpack_bundle(tmp_path / "bundle", tmp_path / "new", inputs=tmp_path / "input")
    assert folder == tmp_path / "new" / "runs/tiny"
    there = {str(file.relative_to(tmp_path / "new")) for file in (tmp_path / "new").rglob("*") if file.is_file()}
    assert there == set(FILES)
    assert all((tmp_path / "new" / name).read_text() == f'"{name}"' for name in FILES)


LAYOUTS = {
    "nested": {MODEL: f"models/{MODEL}", DATASET: f"datasets/{DATASET}"},
    "flat": {MODEL: "model/framework/variation/1", DATASET: "the-embedder"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_kaggle_mounts_stands_where_the_run_and_its_adapter_look_for_it(tmp_path, layout):
    run = RUN.model_copy(update={
        "base": Base(model="hub/base"),
        "embedder": Embedder(kind="sentence-t5"),
        "submit": Submit(base_source=MODEL, embedder_source=DATASET),
    })  # fmt: skip
    built(tmp_path / "bundle", run)
    assert not any("models" in entry["path"] for entry in marker_of(tmp_path / "bundle")["files"].values())
    with pytest.raises(InputError, match=rf"hub/base is not mounted; looked in .*{MODEL}.* Add {MODEL} to the noteb"):
        unpack_bundle(tmp_path / "bundle", tmp_path / "first", inputs=tmp_path / "input")
    for source, place in LAYOUTS[layout].items():
        (tmp_path / "input" / place).mkdir(parents=True)
        (tmp_path / "input" / place / "config.json").write_text(source)
    unpack_bundle(tmp_path / "bundle", tmp_path / "second", inputs=tmp_path / "input")
    assert (tmp_path / "second/hub/base/config.json").read_text() == MODEL
    assert (tmp_path / "second/sentence-transformers/sentence-t5-base/config.json").read_text() == DATASET


@pytest.mark.parametrize(
    ("key", "changes"), [("base", {"base": None, "method": "nearest"}), ("embedder", {"embedder": MINILM})]
)
def test_a_source_of_what_the_run_does_not_load_is_refused(tmp_path, key, changes):
    run = RUN.model_copy(update=changes | {"submit": Submit(**{f"{key}_source": DATASET})})
    with pytest.raises(InputError, match=f"submit.{key}_source: run tiny loads no such model. Take the setting out"):
        build_bundle(tmp_path / "bundle", run, {}, [])


def test_further_adapters_go_with_what_says_what_they_were_trained_on():
    beside = [Path("runs/other/adapter/adapter_model.safetensors"), Path("runs/other/manifests/train.json")]
    for file in beside:
        file.parent.mkdir(parents=True)
        file.write_text("x")
    run = RUN.model_copy(update={"generation": Generation(adapters=("other",))})
    files = bundle_files(run, FOLDER, [*SOURCES, Path("runs/other/adapter")])
    assert files.keys() == {*FILES, *map(str, beside)}


def test_what_is_not_there_cannot_be_bundled():
    FOLDER.choice.unlink()
    with pytest.raises(InputError, match=r"cannot be bundled, not there: runs/tiny/choice.json. Run `make score RUN=t"):
        bundle_files(RUN, FOLDER, SOURCES)


@pytest.mark.parametrize(
    ("key", "changes"),
    [("base", {"base": Base(model="hub/base")}), ("embedder", {"embedder": Embedder(kind="sentence-t5")})],
)
def test_a_model_that_is_neither_here_nor_mounted_is_refused(key, changes):
    with pytest.raises(InputError, match=rf"is no folder here, so that no bundle can hold it. Set submit.{key}_source"):
        bundle_files(RUN.model_copy(update=changes), FOLDER, SOURCES)


def test_a_base_that_the_method_does_not_ask_is_not_wanted():
    run = RUN.model_copy(update={"method": "nearest", "base": Base(model="hub/base")})
    assert not any("models" in path for path in bundle_files(run, FOLDER, SOURCES))


def test_an_embedder_that_nothing_asks_is_not_wanted():
    run = RUN.model_copy(update={
        "recover": RUN.recover.model_copy(update={"tracks": ()}), "embedder": Embedder(kind="sentence-t5")
    })  # fmt: skip
    assert set(bundle_files(run, FOLDER, [FOLDER.path / "adapter", FOLDER.constant])) < set(FILES)


def test_a_model_in_a_form_that_is_not_bundled_is_refused():
    Path("data/models/tiny/model.safetensors").rename("data/models/tiny/pytorch_model.bin")
    with pytest.raises(InputError, match=r"data/models/tiny: no .safetensors in it; other forms .* Convert them"):
        bundle_files(RUN, FOLDER, SOURCES)


def test_the_licence_of_a_model_goes_with_it():
    Path("data/models/tiny/LICENSE").write_text("Do what you like.")
    assert "data/models/tiny/LICENSE" in bundle_files(RUN, FOLDER, SOURCES)


def test_a_bundle_with_a_secret_is_not_written(tmp_path):
    Path("runs/tiny/adapter/adapter_config.json").write_text(json.dumps({"base": "/home/ada/model"}))
    with pytest.raises(InputError, match=r"adapter--adapter_config.json: a path in somebody's home"):
        built(tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("place", ["absolute", "../elsewhere", "data/models/a--b"])
def test_what_stands_where_only_this_machine_has_it_is_refused(tmp_path, place):
    model = tmp_path / "absolute" if place == "absolute" else Path(place)
    model.mkdir(parents=True)
    (model / "model.safetensors").write_text("")
    run = RUN.model_copy(update={"base": Base(model=str(model))})
    with pytest.raises(InputError, match=r"a bundle keeps names below the project's folder, without '--'. Link"):
        bundle_files(run, FOLDER, SOURCES)


def test_a_build_that_fails_leaves_the_bundle_before_it(tmp_path):
    first = built(tmp_path / "bundle")
    files = bundle_files(RUN, FOLDER, SOURCES)
    with pytest.raises(InputError, match=r"could not be written .* What stood there before is unchanged"):
        build_bundle(tmp_path / "bundle", RUN, files | {"gone.json": Path("gone.json")}, [])
    assert marker_of(tmp_path / "bundle")["bundle_id"] == first
    assert [entry.name for entry in tmp_path.iterdir() if "partial" in entry.name] == []
