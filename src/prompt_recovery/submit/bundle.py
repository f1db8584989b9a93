"""A trained run in, a flat folder to upload out."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import sha256, whole_or_absent, write_json
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder
from prompt_recovery.submit.metadata import dataset_metadata

MARKER = "prompt-recovery-bundle.json"
_FLAT = "--"  # stands for the slash: Kaggle drops sub-folders of an uploaded folder
# what stages write and read: no pickles, no hidden files, no checkpoints
_KINDS = frozenset({".json", ".jinja", ".md", ".model", ".npy", ".npz", ".parquet", ".safetensors", ".txt"})


def bundle_files(run: config.RunConfig, folder: RunFolder, sources: Iterable[Path]) -> dict[str, Path]:
    """Return what goes into a bundle, by its path in the project: there it stands again when it is unpacked.

    `sources`: the files and folders by which the run answers. Its models are added, those that Kaggle does not mount.
    Raises InputError for what is not there, or stands outside the project.
    """
    manifests = [RunFolder(Path("runs") / name).manifest("train") for name in run.generation.adapters]
    wanted = [folder.config, *sources, *manifests, *_own_models(run)]
    missing = [str(path) for path in wanted if not path.exists()]
    if missing:
        raise InputError(f"cannot be bundled, not there: {', '.join(missing)}. Run `make score RUN={run.name}`.")
    files = [file for path in wanted for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    kept = [file for file in files if file.is_file() and file.suffix in _KINDS and not file.name.startswith(".")]
    return {_project_path(file): file for file in kept}


def mounted_sources(run: config.RunConfig) -> dict[str, str]:
    """Return the Kaggle source of what is mounted beside the bundle, by the name under which the run asks for it."""
    names = {"base": run.base.model if run.base else "", "embedder": run.embedder.weights or ""}
    return {_project_path(Path(names[name])): source for name, source in run.submit.sources.items()}


def build_bundle(folder: Path, run: config.RunConfig, files: Mapping[str, Path], wheels: Iterable[Path]) -> str:
    """Write the flat bundle folder, whole or not at all -> its bundle id.

    It holds `files`, the wheels, dataset-metadata.json and the marker with the SHA-256 of every file and what is
    mounted beside. The id is the hash of all that.
    """
    with whole_or_absent(folder) as partial:
        partial.mkdir(parents=True)
        sources = {path.replace("/", _FLAT): (path, source) for path, source in files.items()}
        sources |= {wheel.name: ("", wheel) for wheel in wheels}
        for name, (_, source) in sources.items():
            shutil.copyfile(source, partial / name)
        entries = {
            name: {"path": path, "sha256": sha256(partial / name), "bytes": (partial / name).stat().st_size}
            for name, (path, _) in sorted(sources.items())
        }
        mounted = [{"path": path, "source": source} for path, source in sorted(mounted_sources(run).items())]
        held = {"run": run.name, "mounted": mounted, "files": entries}
        bundle_id = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:12]
        write_json(partial / MARKER, {"bundle_id": bundle_id} | held)
        write_json(partial / "dataset-metadata.json", dataset_metadata(run))
    return bundle_id


def _own_models(run: config.RunConfig) -> list[Path]:
    """Return the folders of models that Kaggle does not mount. Raises InputError for one that is not here either."""
    method = METHODS[run.method]
    asked = {"base": run.base.model if run.base and method.needs_base else None}
    asked["embedder"] = run.embedder.weights if run.asks_embedder else None
    own = {name: Path(model) for name, model in asked.items() if model and name not in run.submit.sources}
    for name, model in own.items():
        if not model.is_dir():
            raise InputError(
                f"run {run.name}: {model} is no folder here, so that no bundle can hold it. Set submit.{name}_source "
                "to what Kaggle mounts: owner/model/framework/variation/version, or a data set, owner/slug."
            )
    return list(own.values())


def _project_path(path: Path) -> str:
    """Return the path as it will be found again. Raises InputError for one that only this machine has."""
    if path.is_absolute() or ".." in path.parts or _FLAT in str(path):
        raise InputError(
            f"{path}: a bundle keeps names below the project's folder, without '{_FLAT}'. Link or copy it there, for "
            "example to data/models/, and name that in the run's config."
        )
    return path.as_posix()
