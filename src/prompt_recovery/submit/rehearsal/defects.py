"""The copy of a bundle in, the same with a defect out, and what an error about it must name."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prompt_recovery.errors import InputError
from prompt_recovery.submit.bundle import MARKER
from prompt_recovery.submit.rehearsal.layouts import replace_file


def without_a_wheel(bundle: Path) -> str:
    wheel = _one_of(bundle, "*.whl")
    wheel.unlink()
    return wheel.name


def with_corrupt_weights(bundle: Path) -> str:
    weights = _one_of(bundle, "runs--*.safetensors", "runs--*.npz")  # of a run without a model its vector's
    replace_file(weights, lambda content: content[:-1] + bytes([content[-1] ^ 1]))
    return weights.name


def with_another_id(bundle: Path) -> str:
    replace_file(bundle / MARKER, lambda content: content.replace(b'"bundle_id": "', b'"bundle_id": "other-'))
    return "holds bundle other-"


def mounted_twice(bundle: Path) -> str:
    second = bundle.with_name(bundle.name + "-old")
    shutil.copytree(bundle, second)
    return second.name


def for_a_gpu(bundle: Path) -> str:
    with_settings(bundle, {"device": "auto"})
    return "no GPU is visible"


DEFECTS: dict[str, Callable[[Path], str]] = {
    "missing wheel": without_a_wheel,
    "corrupt weights": with_corrupt_weights,
    "wrong id": with_another_id,
    "two bundles": mounted_twice,
    "a run for a GPU": for_a_gpu,
}


def with_settings(bundle: Path, settings: Mapping[str, Any]) -> None:
    """Give the copy's config other settings, those of a section one by one, and its marker the config's new hash."""
    file = _one_of(bundle, "runs--*--config.json")

    def changed(content: bytes) -> bytes:
        config = json.loads(content)
        new = {key: config[key] | value if isinstance(value, Mapping) else value for key, value in settings.items()}
        return json.dumps(config | new).encode()

    def sealed(content: bytes) -> bytes:
        marker, config = json.loads(content), file.read_bytes()
        marker["files"][file.name] |= {"sha256": hashlib.sha256(config).hexdigest(), "bytes": len(config)}
        return json.dumps(marker).encode()

    replace_file(file, changed)
    replace_file(bundle / MARKER, sealed)


def _one_of(bundle: Path, *patterns: str) -> Path:
    """Return the first file of the first pattern that any file has."""
    for pattern in patterns:
        for found in sorted(bundle.glob(pattern)):
            return found
    raise InputError(f"{bundle}: no {' or '.join(patterns)}, expected one in a bundle. Run `make submit` again.")
