"""Outputs in, receipts out: whole-or-absent files and folders, and the manifest that says a stage finished."""

import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from prompt_recovery.errors import InputError

_LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "sentence-transformers", "pandas", "pyarrow")


@contextmanager
def whole_or_absent(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there (a file or a folder) takes its place at the end.

    On any error the temporary is removed and what stood at `path` stays.
    Raises InputError when the disk refuses (full, read-only, over quota).
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(partial)  # left by a process that was killed
        yield partial
        if partial.is_dir() and path.exists():
            _remove(path)
        os.replace(partial, path)
    except OSError as error:
        raise InputError(
            f"{path}: could not be written ({error.strerror or error}). What stood there before is unchanged. "
            "Make room or choose another folder, then run the same command again."
        ) from error
    finally:
        _remove(partial)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented UTF-8 JSON, whole or not at all."""
    with whole_or_absent(path) as partial:
        partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_json_if_changed(path: Path, value: Any) -> None:
    """Write `value` unless the file holds just that: its time of change then tells when the value changed."""
    if not path.exists() or read_json(path, made_by="make") != value:
        write_json(path, value)


def read_json(path: Path, *, made_by: str) -> Any:
    """Read a JSON file. Raises InputError naming the file and the command `made_by` that makes it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: not found. It is made by `{made_by}`.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected JSON, found something else ({error}). Run `{made_by}` again.") from None


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file, or of a folder's sorted relative names and file hashes."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        listing = "".join(f"{sha256(file)}  {file.relative_to(path).as_posix()}\n" for file in files)
        return hashlib.sha256(listing.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Receipt:
    """What a stage did, filled in while it runs and written as its manifest."""

    outputs: list[Path] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def stage_receipt(path: Path, *, stage: str, config: Mapping, inputs: Mapping[str, Path]) -> Iterator[Receipt]:
    """Run a stage: the old manifest goes first, the new one is written last and only if nothing was raised."""
    path.unlink(missing_ok=True)
    started = time.monotonic()
    receipt = Receipt()
    yield receipt
    write_json(
        path,
        {
            "stage": stage,
            "config": dict(config),
            "commit": _commit(),
            "inputs": {name: sha256(file) for name, file in inputs.items()},
            "outputs": {output.name: sha256(output) for output in receipt.outputs},
            "counts": receipt.counts,
            "seconds": round(time.monotonic() - started, 1),
            "peak_memory_bytes": peak_memory(),
            "python": platform.python_version(),
            "libraries": {name: metadata.version(name) for name in _LIBRARIES if _installed(name)},
        },
    )


def require_same_config(manifest: Path, config: Mapping, *, made_by: str) -> dict:
    """Return an earlier stage's manifest. Raises InputError when that stage ran with other settings than `config`."""
    found = read_json(manifest, made_by=made_by)
    different = [
        f"{key}: made with {found['config'].get(key)!r}, now {config.get(key)!r}"
        for key in sorted(found["config"].keys() | config.keys())
        if found["config"].get(key) != config.get(key)
    ]
    if different:
        raise InputError(f"{manifest}: comes from another config: {'; '.join(different)}. Run `{made_by}` again.")
    return found


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def peak_memory() -> int:
    """Return the most main memory that this process has held at once, libraries included."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:  # macOS, which counts in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # not ru_maxrss, which on Linux begins with what the process that started this one held
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _commit() -> str:
    """Return the checked-out commit, `+dirty` when the tree differs from it, `unknown` outside a git checkout."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+dirty" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _installed(name: str) -> bool:
    return any(True for _ in metadata.distributions(name=name))
