"""A submission's folder in, what may be uploaded of it out: only a bundle that is whole and was rehearsed as it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, sha256
from prompt_recovery.submit.bundle import MARKER

_NOT_AN_OWNER = config.Submit().owner
_NOT_IN_MARKER = {MARKER, "dataset-metadata.json"}


@dataclass(frozen=True)
class Rehearsed:
    """A bundle, its notebook and the metadata of both, each checked against the others."""

    run: str
    folder: Path
    bundle_id: str
    commit: str
    competition: str
    dataset_metadata: dict[str, Any]
    kernel_metadata: dict[str, Any]

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"

    @property
    def notebook(self) -> Path:
        return self.folder / "notebook.ipynb"

    @property
    def dataset(self) -> str:
        return self.dataset_metadata["id"]

    @property
    def kernel(self) -> str:
        return self.kernel_metadata["id"]

    @property
    def owner(self) -> str:
        return self.kernel.split("/")[0]

    @property
    def message(self) -> str:
        """What a submission of this bundle is known by among all others."""
        return submission_message(self.run, self.bundle_id)


def submission_message(run: str, bundle_id: str) -> str:
    """Return the description that a submission of this bundle carries, and no other."""
    return f"{run} {bundle_id}"


def read_rehearsed(run: config.RunConfig, folder: Path) -> Rehearsed:
    """Read submissions/<run> -> what may be uploaded.

    Raises InputError, with the command to run, unless the files of the bundle are those of its marker, the notebook is
    the bundle's, the rehearsal was of this very bundle and ended as it should, and an owner is named.
    """
    remade = f"make submit RUN={run.name}"
    marker = read_json(folder / "bundle" / MARKER, made_by=remade)
    bundle_id = marker["bundle_id"]
    require_whole(folder / "bundle", marker["files"], remade)
    require_rehearsed(folder / "rehearsal.json", bundle_id, f"make rehearse RUN={run.name}")
    kernel = read_json(folder / "kernel-metadata.json", made_by=remade)
    found = Rehearsed(
        run=run.name,
        folder=folder,
        bundle_id=bundle_id,
        commit=read_json(folder / "manifest.json", made_by=remade)["commit"],
        competition=run.submit.competition,
        dataset_metadata=read_json(folder / "bundle" / "dataset-metadata.json", made_by=remade),
        kernel_metadata=kernel,
    )
    require_own_notebook(found.notebook, bundle_id, remade)
    _require_owner(run, found, remade)
    asked = run.submit.accelerator if kernel["enable_gpu"] else None
    if kernel["enable_internet"] or kernel.get("machine_shape") != asked:
        raise InputError(
            f"{folder / 'kernel-metadata.json'}: expected no internet and the machine {asked}, found "
            f"{kernel['enable_internet']} and {kernel.get('machine_shape')}. Run `{remade}`."
        )
    return found


def require_whole(bundle: Path, files: dict[str, dict], remade: str) -> None:
    """Raise InputError unless the bundle's files are just those of its marker."""
    there = {entry.name for entry in bundle.iterdir()} - _NOT_IN_MARKER
    other = sorted(name for name in there & files.keys() if sha256(bundle / name) != files[name]["sha256"])
    lists = {"missing": files.keys() - there, "not in its marker": there - files.keys(), "changed": other}
    wrong = [f"{what}: {', '.join(sorted(names))}" for what, names in lists.items() if names]
    if wrong:
        raise InputError(f"{bundle}: is not as it was built; {'; '.join(wrong)}. Run `{remade}`.")


def require_rehearsed(path: Path, bundle_id: str, redone: str) -> None:
    """Raise InputError unless the rehearsal was of this bundle, and every case of it ended as it must."""
    rehearsal = read_json(path, made_by=redone)
    if rehearsal.get("bundle_id") != bundle_id:
        raise InputError(f"{path}: is of bundle {rehearsal.get('bundle_id')}, not of {bundle_id}. Run `{redone}`.")
    bad = [case["name"] for case in rehearsal.get("cases", []) if case.get("ended") != "as expected"]
    if bad:
        raise InputError(f"{path}: did not end as expected in: {', '.join(bad)}. Mend that, then run `{redone}`.")


def require_own_notebook(path: Path, bundle_id: str, remade: str) -> None:
    """Raise InputError unless the notebook is the one that accepts this bundle."""
    cells = read_json(path, made_by=remade)["cells"]
    if not any(f'BUNDLE_ID = "{bundle_id}"' in "".join(cell["source"]) for cell in cells):
        raise InputError(f"{path}: is not the notebook of bundle {bundle_id}. Run `{remade}`.")


def _require_owner(run: config.RunConfig, found: Rehearsed, remade: str) -> None:
    owners = {run.submit.owner, found.owner, found.dataset.split("/")[0]}
    if _NOT_AN_OWNER in owners or len(owners) > 1:
        raise InputError(
            f"submit.owner: expected one Kaggle user name, found {', '.join(sorted(owners))}. Set submit.owner in "
            f"configs/run/{run.name}.toml to yours, as in your profile's address, then run `{remade}`."
        )
