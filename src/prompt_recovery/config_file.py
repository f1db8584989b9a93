"""TOML in, a checked config out. Three layers: the defaults, the file, `--set section.key=value`."""

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from prompt_recovery.config import DataConfig, RunConfig
from prompt_recovery.errors import InputError

_Config = TypeVar("_Config", DataConfig, RunConfig)


def load_toml(kind: type[_Config], path: Path, overrides: Iterable[str] = ()) -> _Config:
    """Read configs/<kind>/<name>.toml; `overrides` are `section.key=value` with a TOML value, or bare text.

    Raises InputError that lists every fault at once with file, key, found and expected.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.toml"))) or "none"
        raise InputError(f"{path}: no such config. In {path.parent}: {known}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not TOML: {error}.") from None
    for override in overrides:
        _set(values, override)
    if "name" in values:
        raise InputError(f"{path}: name: is the file's own name, remove the key.")
    return validate(kind, {**values, "name": path.stem}, where=str(path))


def validate(kind: type[_Config], values: dict[str, Any], *, where: str) -> _Config:
    """Turn plain values into a config. Raises InputError with every fault, each on its line."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        faults = [f"\n  {where}: {_explain(kind, fault)}" for fault in error.errors()]
        raise InputError(f"{len(faults)} setting(s) to mend:{''.join(faults)}") from None


def _set(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise InputError(f"--set {override}: expected section.key=value, for example lora.rank=8.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, name = key.strip().split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise InputError(f"--set {override}: {section} is a value, not a section.")
    values[name] = value


def _explain(kind: type[BaseModel], fault: dict[str, Any]) -> str:
    key = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such key{_nearest(kind, fault['loc'])}"
    if fault["type"] == "missing":
        return f"{key}: missing, and it has no default."
    expected = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":  # of a section, whose values say nothing here
        return f"{key}: expected {expected}." if key else f"expected {expected}."
    found = "a value that is not shown" if "api_key" in key else repr(fault["input"])
    return f"{key}: found {found}, expected: {expected}."


def _nearest(kind: type[BaseModel], location: tuple) -> str:
    for step in location[:-1]:
        if isinstance(step, int):  # a place in an array of sections
            continue
        annotation = kind.model_fields[step].annotation
        options = [annotation, *getattr(annotation, "__args__", ())]
        kind = next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))
    close = difflib.get_close_matches(str(location[-1]), kind.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(kind.model_fields)}"
