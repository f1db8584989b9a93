"""Wheels and the inventory of Kaggle's image in, whatever the notebook would lack or not be able to load there out."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from prompt_recovery.errors import InputError
from prompt_recovery.submit.wheels.contents import Wheel
from prompt_recovery.submit.wheels.image import Image

_NEVER = ("torch", "triton", "numpy", "nvidia-")  # the image's own are built for each other and for its driver


def require_closed(wheels: Iterable[Path], image: Image, imported: Mapping[str, str] | None = None) -> None:
    """Raise InputError with all that `closure_problems` finds."""
    problems = closure_problems(wheels, image, imported)
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise InputError(f"the bundle's wheels do not suit Kaggle's image of {image.date}:{lines}")


def closure_problems(wheels: Iterable[Path], image: Image, imported: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each thing that is wrong with the wheels on the image's Python, and on its next one.

    Every Requires-Dist whose marker holds there must be met by a wheel or by the image, in a version that it allows
    (`+cu128` plays no part); likewise each package that is `imported` (package -> who imports it). What a requirement
    takes as extras of a package of the image is not known, and not looked at.
    """
    held = [Wheel(path) for path in sorted(wheels)]
    problems = [
        f"{one.path.name}: {one.name} is never shipped: the image's own is the one that fits. Leave the wheel out."
        for one in held
        if one.name.startswith(_NEVER)
    ]
    for python in image.pythons:
        problems += _problems_of(python, held, image.packages, imported or {})
    return list(dict.fromkeys(problems))


def _problems_of(python: str, held: list[Wheel], image: Mapping[str, str], imported: Mapping[str, str]) -> list[str]:
    suiting = {one.name: one for one in held if one.suits(python)}
    problems = [
        f"{name}: no wheel for Python {python} in the bundle, only {', '.join(others)}. Ship one for {python}, too."
        for name, others in _by_name(held).items()
        if name not in suiting
    ]
    there = {canonicalize_name(name): version for name, version in image.items()}
    there |= {name: one.version for name, one in suiting.items()}
    for name, importer in imported.items():
        if name not in there:
            problems.append(f"{importer}: imports {name}, found neither as a wheel nor in the image. {_do(name)}")
    extras = _extras(suiting.values(), python)
    for one in suiting.values():
        if one.requires_python and not SpecifierSet(one.requires_python).contains(f"{python}.0"):
            problems.append(f"{one.path.name}: wants Python {one.requires_python}, the image's is {python}.")
        for wanted in one.requirements:
            problem = _unmet(wanted, there) if _holds(wanted, python, extras[one.name]) else ""
            problems += [f"{one.path.name}: requires {wanted}, {problem}"] if problem else []
    return problems


def _by_name(held: list[Wheel]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for one in held:
        names.setdefault(one.name, []).append(one.path.name)
    return names


def _extras(held: Collection[Wheel], python: str) -> dict[str, set[str]]:
    """Return the extras of each wheel that requirements which hold ask for, by its name."""
    extras: dict[str, set[str]] = {one.name: set() for one in held}
    grown = True
    while grown:
        before = sum(map(len, extras.values()))
        for wanted in (own for one in held for own in one.requirements if _holds(own, python, extras[one.name])):
            extras.get(canonicalize_name(wanted.name), set()).update(wanted.extras)
        grown = sum(map(len, extras.values())) > before
    return extras


def _holds(wanted: Requirement, python: str, extras: set[str]) -> bool:
    """Say whether a requirement's marker holds on Kaggle's machine, with one of the extras or with none."""
    environment = {
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "6.6",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    return wanted.marker is None or any(wanted.marker.evaluate({**environment, "extra": one}) for one in ("", *extras))


def _unmet(wanted: Requirement, there: Mapping[str, str]) -> str:
    """Say what is there instead of what is wanted and what to do, "" when it is met."""
    name = canonicalize_name(wanted.name)
    if name not in there:
        return f"found neither as a wheel nor in the image. {_do(name)}"
    found = there[name]
    if not wanted.specifier.contains(Version(found.removeprefix(">=")), prereleases=True):
        least = "at least " if found.startswith(">=") else ""
        return f"found {least}{found.removeprefix('>=')}. Pin a version of the wheel that takes it."
    return ""


def _do(name: str) -> str:
    return f"Add {name} to pinned_wheels.toml and to what a run needs, or refresh the inventory with scripts/image.py."
