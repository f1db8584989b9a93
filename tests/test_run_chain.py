"""Runs that start from the adapter of another: the chain in their receipts, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

from prompt_recovery.config import Base, Chat, Embedder, Generation, Lora, RunConfig, Train, stage_settings
from prompt_recovery.config_file import load_toml
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import sha256, write_json
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.run_chain import adapters_beside, require_adapters, require_chain, runs_before
from prompt_recovery.tables import TRIPLES, write_table

SECOND = RunConfig(name="second", data="kind", init_from="first", base=Base(model="base"), lora=Lora(rank=4))


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(run: RunConfig) -> RunFolder:
    """A run whose adapter, of one byte, is on record."""
    folder = RunFolder(Path("runs") / run.name)
    (folder.path / "adapter").mkdir(parents=True)
    (folder.path / "adapter" / "adapter_model.safetensors").write_bytes(run.name[:1].encode())
    inputs = {"triples": f"triples of {run.data}"}
    counts = {"rows": 4, "runs_before": runs_before(run), "peak_gpu_bytes": 0}
    values = {"config": stage_settings(run, "train"), "inputs": inputs, "counts": counts}
    values |= {"seconds": 9.5, "peak_memory_bytes": 700}
    write_json(folder.manifest("train"), values | {"outputs": {"adapter": sha256(folder.path / "adapter")}})
    return folder


def first(**changes) -> RunConfig:
    return SECOND.model_copy(update={"name": "first", "data": "general", "init_from": None} | changes)


def test_a_run_that_starts_afresh_has_none_before_it():
    assert runs_before(first()) == []


def test_the_chain_of_three_names_runs_data_and_adapters_oldest_first():
    adapters = [trained(first()).path / "adapter", trained(SECOND).path / "adapter"]
    third = SECOND.model_copy(update={"name": "third", "data": "last", "init_from": "second"})
    cost = {"rows": 4, "seconds": 9.5, "peak_bytes": 700}
    assert runs_before(third) == [
        {"run": "first", "data": "general", "triples": "triples of general", "adapter": sha256(adapters[0])} | cost,
        {"run": "second", "data": "kind", "triples": "triples of kind", "adapter": sha256(adapters[1])} | cost,
    ]


def test_a_first_run_that_has_not_finished_says_how_to_train_it():
    with pytest.raises(
        InputError, match=r"first/manifests/train.json: not found. It is made by `make train RUN=first`"
    ):
        runs_before(SECOND)


def test_another_base_or_shape_is_refused_with_all_that_differs():
    trained(first(method="lora", base=Base(model="other"), lora=Lora(rank=8, dropout=0.5, alpha=8)))
    with pytest.raises(InputError) as error:
        runs_before(SECOND)
    assert str(error.value).splitlines() == [
        "run second: cannot start from the adapter of first, base and LoRA shape must be the same:",
        "  method: 'lora' in first, 'qlora' in second",
        "  base.model: 'other' in first, 'base' in second",
        "  lora.rank: 8 in first, 4 in second",
        "  lora.alpha: 8.0 in first, 32.0 in second",
        "Make them agree, or train the first run so with `make train RUN=first`.",
    ]


def test_dropout_and_all_of_training_are_each_runs_own():
    trained(first(lora=Lora(rank=4, dropout=0.5), train=Train(epochs=3), seed=5, chat=Chat(instruction="Which?")))
    assert len(runs_before(SECOND)) == 1


def test_an_adapter_that_was_changed_or_lost_since_is_refused():
    folder = trained(first())
    (folder.path / "adapter" / "adapter_model.safetensors").write_bytes(b"?")
    with pytest.raises(
        InputError, match=r"runs/first/adapter: is not the adapter that its manifest .* RUN=first` again"
    ):
        runs_before(SECOND)


def config(name: str, init_from: str | None) -> Path:
    path = Path("configs/run") / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    own = f'init_from = "{init_from}"\n' if init_from else ""
    path.write_text(f'{own}data = "kind"\n[base]\nmodel = "base"\n')
    return path


def test_a_chain_is_followed_through_the_configs_to_its_start():
    path = [config(name, before) for name, before in (("a", None), ("b", "a"), ("c", "b"))][-1]
    assert require_chain(load_toml(RunConfig, path), path.parent) == ["b", "a"]


def test_circles_lost_runs_and_itself_are_refused_from_the_configs_alone():
    path = config("a", "c")
    for name, before in (("b", "a"), ("c", "b"), ("d", "x"), ("e", "d")):
        config(name, before)
    with pytest.raises(InputError, match=r"run/a.toml: init_from: the chain of runs is a circle: a -> c -> b -> a\."):
        require_chain(load_toml(RunConfig, path), path.parent)
    with pytest.raises(InputError, match=r"run/d.toml: init_from = 'x': there is no configs/run/x.toml"):
        require_chain(load_toml(RunConfig, path.with_name("e.toml")), path.parent)
    with pytest.raises(InputError, match=r"a.toml: expected init_from to name another run than this one"):
        load_toml(RunConfig, path, ["init_from=a"])
    with pytest.raises(InputError, match=r"a.toml: expected no \[base.from_scratch\] with init_from"):
        load_toml(RunConfig, path, ["base.from_scratch.rows=4"])


def answering_beside(*names: str, **changes) -> RunConfig:
    return first(name="main", generation=Generation(adapters=names), **changes)


def test_adapters_that_answer_too_are_found_by_the_names_of_their_runs():
    folders = [trained(first(name=name, method=method)) for name, method in (("b", "lora"), ("a", "qlora"))]
    assert adapters_beside(answering_beside("b", "a")) == {own.path.name: own.path / "adapter" for own in folders}
    assert adapters_beside(first()) == {}


def test_an_adapter_that_cannot_answer_is_refused_with_the_setting_and_what_makes_it():
    setting = r"run main: generation.adapters: 'a' "
    with pytest.raises(InputError, match=setting + r"is not trained.*train.json. Run `make train RUN=a` first"):
        adapters_beside(answering_beside("a"))
    folder = trained(first(name="a"))
    with pytest.raises(InputError, match=setting + r"is on another base: base.model = .base. there and .x. here.*=a"):
        adapters_beside(answering_beside("a", base=Base(model="x")))
    (folder.path / "adapter" / "adapter_model.safetensors").write_bytes(b"?")
    with pytest.raises(InputError, match=r"runs/a/adapter: is not the adapter .* RUN=a` again"):
        adapters_beside(answering_beside("a"))
    trained(first(name="b", method="full"))
    with pytest.raises(InputError, match=r"'b' has no adapter, method = \"full\""):
        adapters_beside(answering_beside("b"))


def test_adapters_are_checked_by_the_configs_alone():
    configs = config("a", None).parent
    require_adapters(answering_beside("a"), configs)
    with pytest.raises(InputError, match=r"main.toml: generation.adapters: 'x': there is no configs/run/x.toml"):
        require_adapters(answering_beside("a", "x"), configs)
    with pytest.raises(InputError, match=r"'a' is on another base"):
        require_adapters(answering_beside("a", base=Base(model="base", revision="1")), configs)
    for settings, refusal in (
        (['generation.adapters=["a"]'], "adapters to name other runs than this one, a"),
        (['generation.adapters=["b"]', "method=full"], 'no generation.adapters with method = "full"'),
        (['generation.adapters=["b", "b"]'], "adapters without repetitions"),
        (['generation.openings=["Make"]'], 'openings with "" among them'),
    ):
        with pytest.raises(InputError, match=refusal):
            load_toml(RunConfig, configs / "a.toml", settings)


def test_make_trains_the_first_run_before_the_second(project):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        (project / name).symlink_to(PROJECT / name)
    for name, before in (("a", None), ("b", "a"), ("c", "b")):
        config(name, before)
    command = ["make", "-n", "train", "RUN=c", f"PYTHON={sys.executable}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    trainings = [line.split()[-1] for line in printed.splitlines() if "scripts/train.py" in line]
    assert trainings == ["runs/a", "runs/b", "runs/c"]


@pytest.mark.slow
def test_three_stages_of_real_training_leave_the_chain_in_their_receipts(model_folder, triples):
    model = model_folder("llama")
    for data in ("general", "kind"):
        folder = TriplesFolder.named(data)
        for part in ("train", "valid"):
            write_table(triples, folder.part(part), TRIPLES)
        write_json(folder.manifest, {"data": data})
    for name, data, before in (("a", "general", None), ("b", "kind", "a"), ("c", "kind", "b")):
        run = RunConfig(
            name=name,
            data=data,
            device="cpu",
            init_from=before,
            base=Base(model=str(model)),
            embedder=Embedder(kind="minilm"),
        )
        write_json(RunFolder(Path("runs") / name).config, run.model_dump(mode="json"))
        subprocess.run([sys.executable, PROJECT / "scripts/train.py", "--run", f"runs/{name}"], check=True)
    manifests = [json.loads(RunFolder(Path("runs") / name).manifest("train").read_text()) for name in "abc"]
    made = [manifest["outputs"]["adapter"] for manifest in manifests]
    assert len(set(made)) == 3
    assert [[stage["adapter"] for stage in m["counts"]["runs_before"]] for m in manifests] == [[], made[:1], made[:2]]
    assert manifests[2]["inputs"]["init_from"] == made[1]
    assert [stage["data"] for stage in manifests[2]["counts"]["runs_before"]] == ["general", "kind"]
