"""A trained run in, a flat folder to upload out; and in the notebook the folder in, the run out."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import sha256, whole_or_absent, write_json
from prompt_recovery.methods import METHODS, MethodName

MARKER = "prompt-recovery-bundle.json"
_FLAT = "--"  # stands for the slash: Kaggle drops sub-folders of an uploaded folder
_ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors", "base.json")
_BASE_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)


def require_shippable(method: MethodName) -> None:
    """Raise InputError unless the method trains an adapter: whole weights and training triples are not bundled."""
    able = [name for name, own in METHODS.items() if own.trains == "adapter"]
    if method not in able:
        raise InputError(f"method = {method!r}: a bundle holds a LoRA adapter. Choose one of: {', '.join(able)}.")


def bundle_files(run_folder: Path, base: Path | None) -> dict[str, Path]:
    """Return what goes into a bundle, by path in the unpacked run. `base`: None when Kaggle mounts the model."""
    files = {"constant.json": run_folder / "constant.json"}
    files |= {f"adapter/{name}": run_folder / "adapter" / name for name in _ADAPTER_FILES}
    if base:
        files |= {f"base/{name}": base / name for name in _BASE_FILES if (base / name).exists()}
    missing = [str(file) for file in files.values() if not file.is_file()]
    if missing:
        raise InputError(f"cannot be bundled, not there: {', '.join(missing)}. Run `make train` and `make constant`.")
    return files


def build_bundle(folder: Path, run: config.RunConfig, files: Mapping[str, Path], wheels: Iterable[Path]) -> str:
    """Write the flat bundle folder, whole or not at all -> its bundle id.

    It holds `files`, the run's config as the notebook reads it, the wheels, dataset-metadata.json and the marker with
    the SHA-256 of every file. The id is the hash of those hashes.
    """
    with whole_or_absent(folder) as partial:
        partial.mkdir(parents=True)
        for path, source in files.items():
            shutil.copyfile(source, partial / path.replace("/", _FLAT))
        for wheel in wheels:
            shutil.copyfile(wheel, partial / wheel.name)
        in_bundle = any(path.startswith("base/") for path in files)
        base = run.base.model_copy(update={"model": "base", "from_scratch": None} if in_bundle else {})
        write_json(partial / "config.json", run.model_copy(update={"base": base}).model_dump(mode="json"))
        entries = {
            file.name: {"path": file.name.replace(_FLAT, "/"), "sha256": sha256(file), "bytes": file.stat().st_size}
            for file in sorted(partial.iterdir())
        }
        bundle_id = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()[:12]
        write_json(partial / MARKER, {"bundle_id": bundle_id, "run": run.name, "files": entries})
        write_json(partial / "dataset-metadata.json", dataset_metadata(run))
    return bundle_id


def unpack_bundle(bundle: Path, folder: Path, *, models: Path) -> Path:
    """Link the flat files of a (read-only) bundle into a run folder and point its config at the base -> `folder`.

    A base that is not in the bundle is looked for under `models`, by the run's `submit.base_source`, in either of
    Kaggle's mount layouts. Raises InputError when it is not there.
    """
    marker = json.loads((bundle / MARKER).read_text(encoding="utf-8"))
    for name, entry in marker["files"].items():
        target = folder / entry["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(bundle / name)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    base = folder / "base"
    values["base"]["model"] = str(base if base.is_dir() else _mounted_model(models, values["submit"]["base_source"]))
    write_json(folder / "config.json", values)
    return folder


def dataset_metadata(run: config.RunConfig) -> dict[str, Any]:
    """Return dataset-metadata.json: title and slug of 6-50 characters that agree, and exactly one licence."""
    slug = dataset_slug(run)
    return {"title": slug.replace("-", " "), "id": f"{run.submit.owner}/{slug}", "licenses": [{"name": "other"}]}


def dataset_slug(run: config.RunConfig) -> str:
    return _slug(f"prompt-recovery-{run.name}")


def kernel_slug(run: config.RunConfig) -> str:
    return _slug(f"prompt-recovery-{run.name}-notebook")


def kernel_metadata(run: config.RunConfig) -> dict[str, Any]:
    """Return kernel-metadata.json: the internet is off, and the title is the slug, else Kaggle refuses later pushes."""
    slug = kernel_slug(run)
    gpu = run.device != "cpu"
    return {
        "id": f"{run.submit.owner}/{slug}",
        "title": slug.replace("-", " "),
        "code_file": "notebook.ipynb",
        "language": "python",
        "kernel_type": "notebook",
        "is_private": True,
        "enable_gpu": gpu,
        "enable_internet": False,
        **({"machine_shape": "NvidiaTeslaT4"} if gpu else {}),
        "dataset_sources": [f"{run.submit.owner}/{dataset_slug(run)}"],
        "competition_sources": [run.submit.competition],
        "model_sources": list(run.submit.sources.values()),
        "kernel_sources": [],
    }


def _slug(name: str) -> str:
    slug = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split())
    if not 6 <= len(slug) <= 50:
        raise InputError(f"{slug}: Kaggle wants 6-50 characters, this has {len(slug)}. Give the run a shorter name.")
    return slug


def _mounted_model(models: Path, source: str | None) -> Path:
    parts = source.split("/")[1:] if source else []
    tried = [models / "models" / source, models / source, models.joinpath(*parts)] if source else []
    for path in tried:
        if (path / "config.json").is_file():
            return path
    looked = ", ".join(map(str, tried)) or "nothing, for submit.base_source is not set"
    raise InputError(f"the base model is not mounted; looked in {looked}.")
