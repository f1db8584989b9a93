"""The recorded inventory of Kaggle's image in, its packages and Pythons out; a `pip freeze` in, the inventory anew."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import whole_or_absent

INVENTORY = Path(str(resources.files("prompt_recovery.submit.wheels") / "kaggle_image.toml"))
_NO_VERSION = ">=0"  # of a package that is there, of a version that its line does not tell
_FREEZE_LINE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(\[[^]]*\])?\s*(==(?P<version>\S+)|@\s*(?P<place>\S+))")
_VERSION_IN_FILE = re.compile(r"/[^/]*?-(?P<version>\d[^-/#]*?)(-[^/]*\.whl|\.tar\.gz|\.zip)(#.*)?$")
_EDITABLE = re.compile(r"-e\s|#|$")


@dataclass(frozen=True)
class Image:
    """What Kaggle's notebooks run on. `packages`: normalised name to version, or to ">=" the least that it can be."""

    date: date
    source: str
    pythons: tuple[str, ...]  # the image's, and the one that is on its way
    packages: Mapping[str, str]


def read_image(path: Path = INVENTORY) -> Image:
    """Read the inventory that the package holds, or another."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return Image(values["date"], values["source"], (values["python"], values["next_python"]), values["packages"])


def pythons_of(version: str) -> tuple[str, str]:
    """Return the Python of a version such as 3.12.1, and the next one: 3.12 and 3.13."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return f"{major}.{minor}", f"{major}.{minor + 1}"


def read_freeze(path: Path) -> dict[str, str]:
    """Return the packages of a `pip freeze`: normalised name to version; lines may be `name==version`, `name @ place`.

    Comments and editable installs are left out. Raises InputError with every line that is something else.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError, IsADirectoryError) as error:
        raise InputError(f"{path}: expected what `pip freeze` prints, saved as text ({error}).") from None
    packages: dict[str, str] = {}
    bad = []
    for number, line in enumerate((line.strip() for line in lines), start=1):
        if _EDITABLE.match(line):
            continue
        found = _FREEZE_LINE.fullmatch(line)
        version = _version(found) if found else None
        if version is None or canonicalize_name(found["name"]) in packages:
            bad.append(f"line {number}: {line[:100]}")
        else:
            packages[canonicalize_name(found["name"])] = version
    if bad or not packages:
        shown = "; ".join(bad[:5]) or "no package at all"
        raise InputError(
            f"{path}: expected lines such as `torch==2.10.0`, each package once, found {shown}. Run `!pip freeze` in a "
            "notebook on Kaggle and save what it prints."
        )
    return packages


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Say of each package that `old` has, and each that is only in `new`, what has changed."""
    gone = [f"- {name} {old[name]}" for name in sorted(old.keys() - new.keys())]
    other = [f"~ {name} {old[name]} -> {new[name]}" for name in sorted(old) if new.get(name, old[name]) != old[name]]
    added = [f"+ {name} {new[name]}" for name in sorted(new.keys() - old.keys())]
    return [*gone, *other, *added]


def write_image(image: Image, path: Path) -> None:
    """Write an inventory, whole or not at all."""
    python, next_python = image.pythons
    lines = [
        "# What Kaggle's GPU image holds. `scripts/image.py` writes this file anew from a notebook's `pip freeze`.",
        f"date = {image.date}",
        f'source = "{image.source}"',
        f'python = "{python}"',
        f'next_python = "{next_python}" # a bundle must suit both',
        "\n[packages]",
        *(f'{name} = "{version}"' for name, version in sorted(image.packages.items())),
    ]
    with whole_or_absent(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _version(found: re.Match) -> str | None:
    """Return the version of a line, None where what stands for one is none."""
    text = found["version"]
    if text is None:  # of a file: its name tells it, of a checkout nothing does
        in_name = _VERSION_IN_FILE.search(found["place"])
        text = in_name["version"].replace("%2B", "+") if in_name else None
        if text is None:
            return _NO_VERSION
    try:
        return str(Version(text))
    except InvalidVersion:
        return None
