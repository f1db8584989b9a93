"""Files that are about to be public in, those that hold a secret out, by its kind: the secret itself is never shown."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from prompt_recovery.errors import InputError

_HEAD_BYTES = 1 << 20  # of weights and tables: numbers, but for what stands before them
_OWN_WHEEL = "prompt_recovery-"
_NUMBERS = frozenset({".safetensors", ".npy", ".npz"})
_KINDS: dict[str, re.Pattern[bytes]] = {
    "a Hugging Face token": re.compile(rb"\bhf_[A-Za-z0-9]{30,}"),
    "a Kaggle token": re.compile(rb"\bKGAT_[A-Za-z0-9]{16,}"),
    "a kaggle.json": re.compile(
        rb"\{\s*\"(?:username\"\s*:\s*\"[^\"]+\"\s*,\s*\"key\"|key\"\s*:\s*\"[0-9a-f]{32}\"\s*,\s*\"username\")\s*:"
    ),
    "a key of an API": re.compile(rb"\bsk-[A-Za-z0-9_-]{20,}"),
    "a GitHub token": re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})"),
    "an AWS key": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Google key": re.compile(rb"\bAIza[0-9A-Za-z_-]{35}"),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a setting of an .env file": re.compile(
        rb"(?m)^(?:export )?[A-Z][A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|API_?KEY)[A-Z0-9_]*=[^\s=]{8,}$"
    ),
}
_NAMES = re.compile(r"^(?:\.env.*|kaggle\.json|.*\.pem|id_(?:rsa|ed25519|ecdsa).*|\.netrc|access_token|credentials)$")
# settings, where a path tells who trained and is of no use elsewhere; texts may well speak of such paths
_SETTINGS = re.compile(r"(?:^|--)(?:[\w.-]*config|base|train|choice)\.json$")
_HOME = re.compile(rb"(?:/home|/Users|/root|[A-Z]:\\\\Users)[/\\]+[^\"/\\\s]+")


def require_no_secrets(files: Iterable[Path]) -> None:
    """Raise InputError with each file that holds a secret, and its kind; texts are read whole, weights their heads.

    Of wheels only the project's own is looked into: the others are an index's files, which are public.
    """
    found = []
    for file in files:
        found += [f"{file.name}: {kind}" for kind in _kinds_of_name(file.name)]
        if file.suffix == ".whl":
            found += [f"{file.name}: {one}" for one in _in_wheel(file)] if file.name.startswith(_OWN_WHEEL) else []
        else:
            found += [f"{file.name}: {kind}" for kind in secrets_in(file.name, _content(file))]
    if found:
        raise InputError(
            f"not bundled, for it would be uploaded: {'; '.join(found)}. Take it out of that file (and revoke a token "
            "that was shared before), then run `make submit` again."
        )


def secrets_in(name: str, content: bytes) -> list[str]:
    """Return the kinds of secrets in a file's content."""
    kinds = [kind for kind, pattern in _KINDS.items() if pattern.search(content)]
    return kinds + (["a path in somebody's home"] if _SETTINGS.search(name) and _HOME.search(content) else [])


def _kinds_of_name(name: str) -> Iterator[str]:
    if _NAMES.match(name.split("--")[-1]):
        yield "a file that is made to hold secrets"


def _content(file: Path) -> bytes:
    if file.suffix == ".parquet":  # compressed: its texts are looked at, not its bytes
        columns = (column.to_pylist() for column in pq.read_table(file).columns if pa.types.is_string(column.type))
        return "\n".join(text for column in columns for text in column if text).encode()
    with file.open("rb") as content:
        return content.read(_HEAD_BYTES) if file.suffix in _NUMBERS else content.read()


def _in_wheel(file: Path) -> Iterator[str]:
    with zipfile.ZipFile(file) as wheel:
        for name in wheel.namelist():
            yield from (f"{name}: {kind}" for kind in _kinds_of_name(Path(name).name))
            yield from (f"{name}: {kind}" for kind in secrets_in(Path(name).name, wheel.read(name)))
