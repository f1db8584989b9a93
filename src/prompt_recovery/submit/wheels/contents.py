"""A wheel's file in, what it says of itself out: name, version, requirements, Pythons, licences, modules."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from functools import cached_property
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename

from prompt_recovery.errors import InputError

_GLIBC = 35  # the image's is 2.35; wheels for newer ones do not load there
PLATFORMS = (
    *(f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC, 4, -1)),
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
    "linux_x86_64",
)
_LICENCE_NAMES = ("licen", "copying", "notice")


def is_licence(name: str) -> bool:
    """Say whether a file goes by the name of a licence."""
    return any(word in name.lower() for word in _LICENCE_NAMES)


@dataclass(frozen=True)
class Wheel:
    """A wheel; reading it raises InputError when it is none."""

    path: Path

    @cached_property
    def _parsed(self) -> tuple:
        try:
            return parse_wheel_filename(self.path.name)
        except InvalidWheelFilename as error:
            raise InputError(f"{self.path}: {error}. Expected name-version-python-abi-platform.whl.") from None

    @property
    def name(self) -> NormalizedName:
        return self._parsed[0]

    @property
    def version(self) -> str:
        return str(self._parsed[1])

    @property
    def tags(self) -> frozenset[Tag]:
        return self._parsed[3]

    @cached_property
    def _metadata(self) -> Message:
        found = self.read(lambda file: file.name == "METADATA" and file.parent.name.endswith(".dist-info"))
        if len(found) != 1:
            raise InputError(
                f"{self.path}: expected one METADATA in it, found {len(found)}. Delete it, then run again."
            )
        return BytesParser().parsebytes(*found.values())

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """Return its Requires-Dist."""
        try:
            return tuple(Requirement(line) for line in self._metadata.get_all("Requires-Dist", ()))
        except InvalidRequirement as error:
            raise InputError(f"{self.path}: Requires-Dist that is none: {error}.") from None

    @property
    def requires_python(self) -> str:
        return self._metadata.get("Requires-Python", "")

    @property
    def licence(self) -> str:
        """Return the licence's name, "" where the metadata names none in a line."""
        named = self._metadata.get("License-Expression") or self._metadata.get("License", "")
        classified = [one.split(" :: ")[-1] for one in self._metadata.get_all("Classifier", ()) if "License ::" in one]
        return named if named and "\n" not in named else ", ".join(classified)

    def licence_texts(self) -> dict[str, str]:
        """Return the licences that lie in it, by their place."""
        found = self.read(lambda file: ".dist-info" in str(file.parent) and is_licence(file.name))
        return {name: content.decode("utf-8", errors="replace") for name, content in found.items()}

    def sources(self) -> dict[str, str]:
        """Return the source of its modules, by dotted name."""
        found = self.read(lambda file: file.suffix == ".py")
        modules = {".".join(PurePosixPath(name).with_suffix("").parts): text for name, text in found.items()}
        return {name.removesuffix(".__init__"): text.decode("utf-8") for name, text in modules.items()}

    def read(self, wanted: Callable[[PurePosixPath], bool]) -> dict[str, bytes]:
        """Return the content of those of its files that are `wanted`, by name."""
        try:
            with zipfile.ZipFile(self.path) as wheel:
                files = [one.filename for one in wheel.infolist() if not one.is_dir()]
                return {name: wheel.read(name) for name in files if wanted(PurePosixPath(name))}
        except (zipfile.BadZipFile, OSError) as error:
            raise InputError(f"{self.path}: cannot be read as a wheel ({error}). Delete it, then run again.") from None

    def suits(self, python: str) -> bool:
        """Say whether CPython of this version (such as 3.12) on Kaggle's machine takes it."""
        version, abi = tuple(int(part) for part in python.split(".")), f"cp{python.replace('.', '')}"
        taken = {*cpython_tags(version, abis=[abi], platforms=PLATFORMS)}
        return bool(self.tags & (taken | {*compatible_tags(version, abi, platforms=PLATFORMS)}))
