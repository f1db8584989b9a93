"""Which runs `make compare` puts side by side."""

import subprocess
import sys

import pytest
from conftest import PROJECT

from prompt_recovery.config import (
    STAGES,
    Base,
    Embedder,
    Generation,
    Lora,
    Recover,
    RunConfig,
    ladder,
    rungs_named,
    stage_settings,
)
from prompt_recovery.config_file import load_toml, validate
from prompt_recovery.engines.requirements_check import missing_requirements
from prompt_recovery.errors import InputError
from prompt_recovery.methods import METHODS

RUN = RunConfig(name="x", data="x", base=Base(model="a/base"))
CHAINED = RunConfig(name="second", data="kind", init_from="first", base=Base(model="a/base"), lora=Lora(rank=4))
MODEL_FREE = RunConfig(name="x", data="x", method="nearest")


def test_the_ladder_differs_in_the_method_alone():
    rungs = ladder(RUN)
    assert list(rungs) == list(METHODS)
    same = {"method": "qlora", "recover": RUN.recover}
    assert all(run.method == method and run.model_copy(update=same) == RUN for method, run in rungs.items())


def test_a_chained_run_has_its_stages_beside_the_methods():
    rungs = ladder(CHAINED)
    assert list(rungs) == [*METHODS, *STAGES]
    first, one, two = (rungs[name] for name in STAGES)
    assert two.model_copy(update={"recover": CHAINED.recover}) == CHAINED
    assert one == two.model_copy(update={"init_from": None}) == rungs["qlora"]
    assert (first.init_from, first.train.epochs) == ("first", 0)
    assert first.model_copy(update={"train": two.train}) == two


def test_every_rung_is_a_config_that_can_be_read_back():
    joined = RUN.model_copy(update={"generation": Generation(adapters=("other",))})
    for run in (RUN, CHAINED, MODEL_FREE, joined):
        for rung in ladder(run).values():
            assert validate(RunConfig, rung.model_dump(mode="json"), where="rung") == rung


def test_a_stage_is_trained_again_only_for_what_it_depends_on():
    rungs = ladder(CHAINED)
    settings = {name: stage_settings(rungs[name], "train") for name in STAGES}
    assert [own["init_from"] for own in settings.values()] == ["first", None, "first"]
    assert len({repr(stage_settings(rungs[name], "score")) for name in STAGES}) == 1


def test_without_a_base_there_are_the_methods_that_need_none():
    assert list(ladder(MODEL_FREE)) == ["nearest"]
    with pytest.raises(InputError, match=r"METHODS: run x without \[base\] has no qlora to compare. .*: nearest"):
        rungs_named(MODEL_FREE, ["nearest", "qlora"])


def test_only_a_chained_run_has_stages_to_compare():
    assert list(rungs_named(CHAINED, ["two_stages", "lora"])) == ["two_stages", "lora"]
    with pytest.raises(InputError, match=r"METHODS: run x has no two_stages to compare. Choose among: zero_shot, few"):
        rungs_named(RUN, ["two_stages"])


def test_a_model_is_asked_only_where_there_is_one():
    assert RUN.answering == ("constant", "base", "qlora", "vector", "choice")
    assert MODEL_FREE.answering == ("constant", "nearest", "vector", "choice")
    assert MODEL_FREE.model_copy(update={"recover": Recover(beside=(), tracks=())}).answering == ("nearest",)


def test_the_first_tracks_answer_comes_last():
    tracks = Recover(tracks=("leaderboard", "clean"))
    assert RUN.model_copy(update={"recover": tracks}).answering[-2:] == ("choice", "leaderboard")
    assert {one.recover.tracks for one in ladder(RUN).values()} == {()}


def test_a_method_that_asks_a_model_needs_a_base(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('data = "x"\nprofile = "t4"\nmethod = "nearest"\n')
    assert load_toml(RunConfig, path) == MODEL_FREE.model_copy(
        update={"profile": "t4", "train": load_toml(RunConfig, path).train}
    )
    with pytest.raises(InputError, match=r'x.toml: expected a section \[base\] with method = "qlora", which asks'):
        load_toml(RunConfig, path, ["method=qlora"])


def test_no_training_at_all_is_for_what_was_trained_before(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('data = "x"\n[base]\nmodel = "m"\n[train]\nepochs = 0\n')
    with pytest.raises(InputError, match=r"x.toml: expected train.epochs above 0 without init_from"):
        load_toml(RunConfig, path)
    assert load_toml(RunConfig, path, ["init_from=first"]).train.epochs == 0


def test_without_a_base_no_model_is_asked_for():
    run = MODEL_FREE.model_copy(update={"embedder": Embedder(kind="minilm")})
    assert missing_requirements(run, None) == []


def test_without_a_base_no_stage_has_settings_of_one():
    assert stage_settings(MODEL_FREE, "base")["base.model"] is None
    assert stage_settings(MODEL_FREE, "recover")["prompting"]["candidates"] == 4_000


def project(folder, *configs: tuple[str, str]):
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "scripts"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / "configs" / "run").mkdir(parents=True)
    for name, text in configs:
        (folder / "configs" / "run" / f"{name}.toml").write_text(text)
    return folder


def rungs_made(folder, run: str, *options: str) -> list[str]:
    command = ["make", "-n", "compare", f"RUN={run}", f"PYTHON={sys.executable}", *options]
    printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    (last,) = [line for line in printed.splitlines() if "scripts/compare.py" in line]
    trained = [line.split()[-1] for line in printed.splitlines() if "scripts/train.py" in line]
    assert trained[-len(last.split("--rungs ")[1].split()) :] == [
        f"runs/compare/{run}/{name}" for name in last.split("--rungs ")[1].split()
    ]
    return last.split("--rungs ")[1].split()


def test_make_climbs_the_whole_ladder_or_compares_the_stages(tmp_path):
    base = '[base]\nmodel = "m"\n'
    configs = (("first", f'data = "x"\n{base}'), ("second", f'data = "y"\ninit_from = "first"\n{base}'))
    folder = project(tmp_path, *configs, ("free", 'data = "x"\nmethod = "nearest"\n'))
    assert rungs_made(folder, "first") == list(METHODS)
    assert rungs_made(folder, "second") == list(STAGES)
    assert rungs_made(folder, "free", "METHODS=nearest") == ["nearest"]
