"""A trained run in, a flat folder to upload out."""

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import sha256, whole_or_absent, write_json
from prompt_recovery.methods import METHODS, asks_embedder
from prompt_recovery.places import RunFolder
from prompt_recovery.submit.licences import licences_text
from prompt_recovery.submit.metadata import dataset_metadata
from prompt_recovery.submit.secrets_scan import require_no_secrets
from prompt_recovery.submit.wheels.contents import is_licence

LICENCES = "LICENCES.txt"
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
    return {_project_path(file): file for file in files if _is_listed(file)}


def mounted_sources(run: config.RunConfig) -> dict[str, str]:
    """Return the Kaggle source of what is mounted beside the bundle, by the name under which the run asks for it.

    Raises InputError for a source of a model that the run does not have.
    """
    names = {"base": run.base.model if run.base else None, "embedder": run.embedder.weights}
    useless = [name for name in run.submit.sources if not names[name]]
    if useless:
        raise InputError(f"submit.{useless[0]}_source: run {run.name} loads no such model. Take the setting out.")
    return {_project_path(Path(names[name])): source for name, source in run.submit.sources.items()}


def build_bundle(folder: Path, run: config.RunConfig, files: Mapping[str, Path], wheels: Collection[Path]) -> str:
    """Write the flat bundle folder, whole or not at all -> its bundle id.

    It holds `files`, the wheels, their licences, dataset-metadata.json and the marker with the SHA-256 of every file
    and what is mounted beside. The id is the hash of all that. Raises InputError for a file that holds a secret.
    """
    with whole_or_absent(folder) as partial:
        partial.mkdir(parents=True)
        sources = {path.replace("/", _FLAT): (path, source) for path, source in files.items()}
        sources |= {wheel.name: ("", wheel) for wheel in wheels}
        for name, (_, source) in sources.items():
            shutil.copyfile(source, partial / name)
        mounted = mounted_sources(run)
        (partial / LICENCES).write_text(licences_text(files, wheels, mounted), encoding="utf-8")
        sources[LICENCES] = ("", partial / LICENCES)
        require_no_secrets(sorted(partial.iterdir()))
        entries = {
            name: {"path": path, "sha256": sha256(partial / name), "bytes": (partial / name).stat().st_size}
            for name, (path, _) in sorted(sources.items())
        }
        beside = [{"path": path, "source": source} for path, source in sorted(mounted.items())]
        held = {"run": run.name, "mounted": beside, "files": entries}
        bundle_id = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:12]
        write_json(partial / MARKER, {"bundle_id": bundle_id} | held)
        write_json(partial / "dataset-metadata.json", dataset_metadata(run))
    return bundle_id


def _own_models(run: config.RunConfig) -> list[Path]:
    """Return the folders of models that Kaggle does not mount. Raises InputError for one that is not here either."""
    method = METHODS[run.method]
    asked = {"base": run.base.model if run.base and method.needs_base else None}
    asked["embedder"] = run.embedder.weights if asks_embedder(run.method, run.recover.tracks) else None
    own = {name: Path(model) for name, model in asked.items() if model and name not in run.submit.sources}
    for name, model in own.items():
        if not model.is_dir():
            raise InputError(
                f"run {run.name}: {model} is no folder here, so that no bundle can hold it. Set submit.{name}_source "
                "to what Kaggle mounts: owner/model/framework/variation/version, or a data set, owner/slug."
            )
        if not any(model.rglob("*.safetensors")):
            raise InputError(f"{model}: no .safetensors in it; other forms of weights are not bundled. Convert them.")
    return list(own.values())


def _is_listed(file: Path) -> bool:
    known = file.suffix in _KINDS or (not file.suffix and is_licence(file.name))
    hidden = any(part.startswith(".") and part != ".." for part in file.parts)
    return file.is_file() and known and not hidden


def _project_path(path: Path) -> str:
    """Return the path as it will be found again. Raises InputError for one that only this machine has."""
    if path.is_absolute() or ".." in path.parts or _FLAT in str(path):
        raise InputError(
            f"{path}: a bundle keeps names below the project's folder, without '{_FLAT}'. Link or copy it there, for "
            "example to data/models/, and name that in the run's config."
        )
    return path.as_posix()
