"""The inventory of Kaggle's image: read, compared with a `pip freeze` that the user brings, and written anew."""

import subprocess
import sys
from datetime import date

import pytest
from conftest import PROJECT

from prompt_recovery.errors import InputError
from prompt_recovery.submit.wheels.image import Image, differences, read_freeze, read_image, write_image

FREEZE = """# conda env
accelerate==1.14.0
en-core-web-sm @ https://example.org/en_core_web_sm-3.6.0-py3-none-any.whl#sha256=83276f
google-colab @ file:///colabtools/dist/google_colab-1.0.0.tar.gz
ibis-framework[duckdb]==9.5.0
torch @ https://example.org/whl/cu128/torch-2.11.0%2Bcu128-cp312-cp312-manylinux_2_28_x86_64.whl
local @ file:///tmp/checkout
-e git+https://example.org/x#egg=x
Typing_Extensions==4.12

"""


def frozen(tmp_path, text: str = FREEZE):
    (tmp_path / "freeze.txt").write_text(text)
    return tmp_path / "freeze.txt"


def test_the_inventory_says_when_it_was_taken_and_what_it_is_of():
    image = read_image()
    assert image.date == date(2026, 9, 24) and image.pythons == ("3.12", "3.13") and image.source
    assert (image.packages["torch"], image.packages["peft"]) == ("2.10.0+cu128", "0.19.1")
    assert "bitsandbytes" not in image.packages


def test_all_forms_of_a_freeze_are_read(tmp_path):
    assert read_freeze(frozen(tmp_path)) == {
        "accelerate": "1.14.0", "en-core-web-sm": "3.6.0", "google-colab": "1.0.0", "ibis-framework": "9.5.0",
        "torch": "2.11.0+cu128", "local": ">=0", "typing-extensions": "4.12",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("torch==2.10.0\nnumpy>=2\n", r"freeze.txt: expected lines such as `torch==2.10.0`.*found line 2: numpy>=2"),
        ("torch==2.10.0\n<html>\npip: command\n", r"found line 2: <html>; line 3: pip: command"),
        ("a==1\nA==2\n", r"each package once, found line 2: A==2"), ("a==not-a-version!\n", "found line 1: a==not"),
        ("# nothing\n", "found no package at all. Run `!pip freeze` in a notebook on Kaggle"),
    ],
)  # fmt: skip
def test_a_line_that_is_something_else_is_named(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_freeze(frozen(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "x", tmp_path / "gone", tmp_path):
        with pytest.raises(InputError, match="expected what `pip freeze` prints, saved as text"):
            read_freeze(path)


def test_differences_name_what_went_what_changed_and_what_came():
    old, new = {"a": "1", "b": "1", "c": ">=1"}, {"b": "2", "c": ">=1", "d": "1"}
    assert differences(old, new) == ["- a 1", "~ b 1 -> 2", "+ d 1"]


def test_what_is_written_is_read_again(tmp_path):
    image = Image(date(2026, 11, 1), "a notebook", ("3.13", "3.14"), {"zope-interface": "1", "a": ">=2"})
    write_image(image, tmp_path / "image.toml")
    assert read_image(tmp_path / "image.toml") == image


def test_the_script_prints_differences_and_writes_only_where_the_freeze_is_good(tmp_path):
    target = tmp_path / "image.toml"
    write_image(Image(date(2026, 9, 24), "x", ("3.12", "3.13"), {"accelerate": "1.13.0", "peft": "0.19.1"}), target)
    before = target.read_text()
    command = [sys.executable, PROJECT / "scripts" / "image.py", "--inventory", target, "--date", "2026-11-01"]
    command += ["--python", "3.12"]

    def refreshed(freeze):
        return subprocess.run([*command, "--freeze", freeze], capture_output=True, text=True)

    assert (
        "invalid pythons_of value: 'new'"
        in subprocess.run([*command, "--freeze", "x", "--python", "new"], capture_output=True, text=True).stderr
    )
    bad = refreshed(frozen(tmp_path, "what?"))
    assert bad.returncode and "line 1: what?" in bad.stderr and target.read_text() == before
    good = refreshed(frozen(tmp_path))
    assert good.returncode == 0, good.stderr
    assert "- peft 0.19.1" in good.stdout and "~ accelerate 1.13.0 -> 1.14.0" in good.stdout
    image = read_image(target)
    assert (image.date, image.packages["torch"], image.pythons) == (date(2026, 11, 1), "2.11.0+cu128", ("3.12", "3.13"))
