"""What the notebook would lack on Kaggle's image is said before anything is uploaded."""

from datetime import date

import pytest
from small_wheels import make_wheel

from prompt_recovery.errors import InputError
from prompt_recovery.submit.wheels.closure import closure_problems, require_closed
from prompt_recovery.submit.wheels.contents import Wheel
from prompt_recovery.submit.wheels.image import Image

IMAGE = Image(
    date(2026, 9, 24),
    "test",
    ("3.12", "3.13"),
    {"torch": "2.10.0+cu128", "numpy": "2.0.2", "Typing_Extensions": "4.12.0", "packaging": ">=20.9"},
)
BITSANDBYTES = "py3-none-manylinux_2_24_x86_64"


def problems(tmp_path, *requires, **options) -> list[str]:
    return closure_problems([make_wheel(tmp_path, "a", requires=requires, **options)], IMAGE)


@pytest.mark.parametrize(
    "requirement",
    [
        # the image has it
        "torch<3,>=2.4", "torch==2.10.0", "torch<=2.10,!=2.10.1", "torch~=2.10.0", "numpy>=2,<2.1",
        "typing.extensions", "packaging>=20.9",
        # not asked for there
        'gone; python_version < "3.12"', 'gone; sys_platform == "win32"', 'gone; platform_machine == "aarch64"',
        'gone; extra == "dev"', 'a[test]; extra == "dev"',
    ],
)  # fmt: skip
def test_what_the_image_has_or_does_not_ask_for_is_no_problem(tmp_path, requirement):
    assert problems(tmp_path, requirement) == []


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("gone>=1", "a-1.0-py3-none-any.whl: requires gone>=1, found neither as a wheel nor in the image. Add gone to "
         "pinned_wheels.toml and to what a run needs, or refresh the inventory with scripts/image.py."),
        ('gone; python_version >= "3.13"', "found neither as a wheel nor in the image"),
        ("numpy<2", "requires numpy<2, found 2.0.2. Pin a version of the wheel that takes it."),
        ("torch>2.10", "requires torch>2.10, found 2.10.0"),
        ("packaging>=24", "requires packaging>=24, found at least 20.9"),
    ],
)  # fmt: skip
def test_a_requirement_that_is_not_met_is_named_with_what_was_found(tmp_path, requirement, message):
    (found,) = problems(tmp_path, requirement)
    assert message in found


def test_a_wheel_meets_the_requirement_of_another_or_does_not(tmp_path):
    wanting = make_wheel(tmp_path, "a", requires=["b_c[fast]>=2"])
    old, new = (make_wheel(tmp_path, "b.c", version) for version in ("1.0", "2.1"))
    assert closure_problems([wanting, new], IMAGE) == []
    assert "requires b_c[fast]>=2, found 1.0" in closure_problems([wanting, old], IMAGE)[0]


def test_extras_that_are_asked_for_are_followed_from_wheel_to_wheel(tmp_path):
    wanting = make_wheel(tmp_path, "z", requires=["b[all]"])
    extras = make_wheel(tmp_path, "b", requires=['b[fast]; extra == "all"', 'gone; extra == "fast"', 'x; extra == "y"'])
    (found,) = closure_problems([wanting, extras], IMAGE)
    assert found.startswith('b-1.0-py3-none-any.whl: requires gone; extra == "fast"')


@pytest.mark.parametrize("name", ["torch", "triton", "numpy", "nvidia_cublas_cu12"])
def test_the_images_own_foundations_are_never_shipped(tmp_path, name):
    (found,) = closure_problems([make_wheel(tmp_path, name)], IMAGE)
    assert "is never shipped: the image's own is the one that fits. Leave the wheel out." in found


@pytest.mark.parametrize(
    ("tags", "pythons"),
    [
        ("py3-none-any", "3.12 3.13"), (BITSANDBYTES, "3.12 3.13"), ("cp39-abi3-manylinux2014_x86_64", "3.12 3.13"),
        ("py2.py3-none-any", "3.12 3.13"), ("cp312-cp312-manylinux_2_28_x86_64", "3.12"),
        ("cp312-none-any", "3.12"), ("cp313-cp313-manylinux2014_x86_64.manylinux_2_17_x86_64", "3.13"),
        ("cp311-cp311-linux_x86_64", ""), ("py3-none-manylinux_2_39_x86_64", ""), ("py3-none-win_amd64", ""),
        ("cp312-cp312-manylinux_2_28_aarch64", ""), ("py2-none-any", ""), ("cp313-cp313t-linux_x86_64", ""),
    ],
)  # fmt: skip
def test_a_wheel_suits_the_pythons_of_its_tags_on_kaggles_machine(tmp_path, tags, pythons):
    wheel = Wheel(make_wheel(tmp_path, "a", tags=tags))
    assert [python for python in ("3.12", "3.13") if wheel.suits(python)] == pythons.split()


def test_a_package_needs_a_wheel_for_the_image_of_today_and_for_the_next(tmp_path):
    today = make_wheel(tmp_path, "a", tags="cp312-cp312-linux_x86_64")
    (found,) = closure_problems([today], IMAGE)
    assert found == f"a: no wheel for Python 3.13 in the bundle, only {today.name}. Ship one for 3.13, too."
    assert closure_problems([today, make_wheel(tmp_path, "a", tags="cp313-cp313-linux_x86_64")], IMAGE) == []


def test_a_wheel_for_other_pythons_is_named(tmp_path):
    (found,) = problems(tmp_path, requires_python="<3.13")
    assert found == "a-1.0-py3-none-any.whl: wants Python <3.13, the image's is 3.13."


def test_what_the_code_imports_must_be_there_too(tmp_path):
    held, imported = [make_wheel(tmp_path, "a")], {"a": "x", "torch": "x", "typing-extensions": "x", "py3langid": "y.z"}
    (found,) = closure_problems(held, IMAGE, imported)
    assert found.startswith("y.z: imports py3langid, found neither as a wheel nor in the image. Add py3langid to pinn")


def test_all_problems_are_raised_at_once_with_the_date_of_the_inventory(tmp_path):
    wheel = make_wheel(tmp_path, "a", requires=["gone", "numpy<2"])
    with pytest.raises(InputError, match=r"(?s)image of 2026-09-24:\n  a-.*gone.*\n  a-.*numpy<2") as error:
        require_closed([wheel], IMAGE)
    assert str(error.value).count("\n") == 2  # each once, though two Pythons have it


def test_what_is_no_wheel_is_named(tmp_path):
    (tmp_path / "a-1.0-py3-none-any.whl").write_text("<html>not found</html>")
    (tmp_path / "a.whl").write_text("")
    with pytest.raises(InputError, match=r"a-1.0-py3-none-any.whl: cannot be read as a wheel .* Delete it"):
        closure_problems([tmp_path / "a-1.0-py3-none-any.whl"], IMAGE)
    with pytest.raises(InputError, match=r"a.whl: .* Expected name-version-python-abi-platform.whl"):
        closure_problems([tmp_path / "a.whl"], IMAGE)
