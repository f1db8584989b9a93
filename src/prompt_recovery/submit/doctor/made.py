"""A run in, which of its stages were made, which are missing, which are not of what is here now, out."""

from pathlib import Path
from typing import Any

from prompt_recovery import config
from prompt_recovery.config import stage_settings
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, require_same_config, sha256
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.submit.doctor.finding import Finding

_STAGES = ("train", "constant", "vector", "choose", "recover", "score")


def check_stages(run: config.RunConfig, folder: RunFolder) -> list[Finding]:
    """Say of the stages together what is made, then of each that is not, or not from what is here now, why."""
    triples = TriplesFolder.named(run.data)
    known = _other_adapters(run)
    if triples.manifest.exists():
        known |= {sha256(triples.manifest), *_outputs(triples.manifest)}
    made, missing, findings = (["data"], [], []) if triples.manifest.exists() else ([], ["data"], [])
    for stage, manifest in _manifests(run, folder).items():
        if not manifest.exists():
            missing.append(stage)
            continue
        why = _stale(run, stage, manifest, known)
        known |= _outputs(manifest)
        if why:
            remedy = f"`make submit RUN={run.name}` makes it again, and what comes after it"
            findings.append(Finding(stage, "warning", why, "made from what is here now", remedy))
        else:
            made.append(stage)
    state, remedy = ("warning", f"`make submit RUN={run.name}`") if missing else ("ok", "")
    parts = {"made": made, "not yet": missing}
    found = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)
    return [Finding("stages", state, found or "none is as it would be made now", remedy=remedy), *findings]


def _manifests(run: config.RunConfig, folder: RunFolder) -> dict[str, Path]:
    base = {"base": Path(run.base.model) / "manifest.json"} if run.base and run.base.from_scratch else {}
    own = {stage: folder.manifest(stage) for stage in _STAGES}
    return base | own | {"submit": folder.submission / "manifest.json"}


def _stale(run: config.RunConfig, stage: str, manifest: Path, known: set[str]) -> str:
    """Return why `make` would make the stage again, "" when it would not. `known`: hashes of what is before it."""
    try:
        found = require_same_config(manifest, stage_settings(run, stage), made_by=f"make {stage} RUN={run.name}")
    except InputError as error:
        return str(error).split(". Run `")[0]
    others = sorted(name for name, value in found["inputs"].items() if value not in known)
    return f"{manifest}: made from another {', '.join(others)} than there is now" if others else ""


def _other_adapters(run: config.RunConfig) -> set[str]:
    """Return the hashes of what the other runs made of whose adapters this one makes use."""
    names = [*run.generation.adapters, *([run.init_from] if run.init_from else [])]
    manifests = [RunFolder(Path("runs") / name).manifest("train") for name in names]
    return {value for path in manifests if path.exists() for value in _outputs(path)}


def _outputs(manifest: Path) -> set[str]:
    document: dict[str, Any] = read_json(manifest, made_by="make submit")
    return set(document["outputs"].values())
