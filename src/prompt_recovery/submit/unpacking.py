"""A mounted bundle in, a folder out in which the run stands as `make` left it."""

import json
from pathlib import Path
from typing import Any

from prompt_recovery.errors import InputError
from prompt_recovery.submit.bundle import MARKER
from prompt_recovery.submit.metadata import is_dataset


def unpack_bundle(bundle: Path, project: Path, *, inputs: Path) -> Path:
    """Link the flat files of a (read-only) bundle to their places in `project` -> the run's folder there.

    What Kaggle mounts beside is looked for under `inputs`, in either layout of its mounts, and linked to where the
    run's config, and the adapter's, say that it is: from `project` as working folder all names hold as they did where
    the run was made. Raises InputError for what is not mounted.
    """
    marker = json.loads((bundle / MARKER).read_text(encoding="utf-8"))
    for name, entry in marker["files"].items():
        if entry["path"]:
            _link(project / entry["path"], bundle / name)
    for source in marker["mounted"]:
        _link(project / source["path"], _mounted(inputs, source))
    return project / "runs" / marker["run"]


def _link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _mounted(inputs: Path, wanted: dict[str, Any]) -> Path:
    source = wanted["source"]
    nested = inputs / ("datasets" if is_dataset(source) else "models") / source
    tried = [nested, inputs / source, inputs.joinpath(*source.split("/")[1:])]
    for folder in tried:
        if folder.is_dir():
            return folder
    raise InputError(
        f"{wanted['path']} is not mounted; looked in {', '.join(map(str, tried))}. "
        f"Add {source} to the notebook's inputs, or accept its licence on Kaggle."
    )
