"""The wheels of a real bundle: the project's own, its notebook's imports, and Kaggle's image as it was recorded."""

from dataclasses import replace

import pytest
from conftest import PROJECT

from prompt_recovery.config import Base, Embedder, RunConfig
from prompt_recovery.errors import InputError
from prompt_recovery.submit.wheels import bundled
from prompt_recovery.submit.wheels.image import read_image

pytestmark = pytest.mark.slow
T5 = RunConfig(name="x", data="x", method="lora", base=Base(model="a"), embedder=Embedder(kind="sentence-t5"))


def test_the_image_has_all_that_the_notebooks_code_imports(tmp_path):
    (own,) = bundled.bundled_wheels(T5, PROJECT, tmp_path)
    assert own.name.startswith("prompt_recovery-") and own.parent == tmp_path


def test_an_image_that_has_lost_a_package_is_seen_before_anything_is_uploaded(tmp_path, monkeypatch):
    image = read_image()
    packages = {name: version for name, version in image.packages.items() if name != "peft"}
    monkeypatch.setattr(bundled, "read_image", lambda: replace(image, packages=packages))
    with pytest.raises(InputError, match=r"prompt_recovery.engines.\w+: imports peft, found neither as a wheel nor in"):
        bundled.bundled_wheels(T5, PROJECT, tmp_path)
