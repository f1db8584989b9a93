"""This machine in, whether it has what the run's stages need out: Python, packages, disk, GPU memory, credentials."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from prompt_recovery import config
from prompt_recovery.engines.hub_reach import place_of_token
from prompt_recovery.engines.kaggle_complaint import TOKEN_PAGE
from prompt_recovery.engines.kaggle_sign_in import place_of_credentials
from prompt_recovery.engines.memory_need import MemoryNeed
from prompt_recovery.submit.doctor.finding import Finding

GIB = 1 << 30
T4_BYTES = 15 * GIB
BUNDLE_BYTES = 20 * 10**9  # what Kaggle lets a notebook keep, too
_TABLES_BYTES = 2 * GIB  # triples, predictions, reports; the rehearsal's copies of a small bundle
_OLDEST = (3, 11)


def check_python(version: tuple[int, int], is_virtual: bool) -> Finding:
    """Say whether this Python is new enough, and its packages the project's own."""
    found = ".".join(map(str, version)) + (", in a virtual environment" if is_virtual else ", the system's own")
    if version < _OLDEST:
        return Finding("Python", "problem", found, ">= 3.11", "name one: make PYTHON=python3.12 doctor")
    if not is_virtual:
        return Finding("Python", "warning", found, "one in .venv", "start the stages by make, which sets .venv up")
    return Finding("Python", "ok", found)


def this_python() -> Finding:
    return check_python(sys.version_info[:2], sys.prefix != sys.base_prefix)


def check_packages(requirements: Path) -> Finding:
    """Hold the installed packages against the pins of a requirements.txt; local parts such as +cpu do not count."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    pins = [Requirement(line) for line in lines if line]
    other = []
    for pin in pins:
        found = next((one.version for one in metadata.distributions(name=pin.name)), None)
        if found is None or not pin.specifier.contains(Version(found).public, prereleases=True):
            other.append(f"{pin.name} {found or 'not installed'} ({pin.specifier})")
    if other:
        remedy = f"python -m pip install -r {requirements}"
        return Finding("packages", "problem", "; ".join(other), f"the pins of {requirements}", remedy)
    return Finding("packages", "ok", f"{len(pins)} of {requirements}, each as pinned")


def check_disk(folder: Path, need: MemoryNeed | None) -> Finding:
    """Hold the free bytes against what the stages write."""
    wanted, free = _TABLES_BYTES + (need.disk_bytes if need else 0), shutil.disk_usage(folder).free
    found, what = f"{sized(free)} free", f"some {sized(wanted)} for tables, adapters, checkpoints and bundle"
    if free < wanted:
        return Finding("disk", "problem", found, what, f"make room on the disk of {folder.resolve()}")
    return Finding("disk", "ok", f"{found}; {what}")


def check_gpus(run: config.RunConfig, need: MemoryNeed | None, gpus: Mapping[str, int]) -> Finding:
    """Hold the smallest visible GPU against what training and answering take; a batch of training comes on top."""
    names = ", ".join(f"{name}, {sized(size)}" for name, size in gpus.items()) or "none is visible"
    if run.device == "cpu":
        return Finding("GPU", "ok", f'not needed (device = "cpu"); {names}')
    if not gpus:
        state = "problem" if run.device == "cuda" else "warning"
        remedy = "run on a GPU machine, or set `device` to cpu in a run that is small enough"
        return Finding("GPU", state, names, f'one, for device = "{run.device}"', remedy)
    if need is None:
        return Finding("GPU", "warning", names, "to know the base's size", "get the base first (see below)")
    shares = len(gpus) if run.train.sharding == "full" else 1
    training = need.training - need.weights + need.weights // shares
    wanted, reckoned = max(training, need.answering if shares == 1 else 0), "reckoned, training's batches on top"
    if min(gpus.values()) < wanted:
        remedy = "take a larger GPU or a smaller base; lower generation.batch_size or train.batch_tokens"
        return Finding("GPU", "problem", names, f"{sized(wanted)} ({reckoned})", remedy)
    return Finding("GPU", "ok", f"{names}; {sized(wanted)} needed ({reckoned})")


def check_t4(run: config.RunConfig, need: MemoryNeed | None) -> Finding | None:
    """Say whether one of Kaggle's T4s holds the run; None for a run that asks for no GPU or no model."""
    if run.device == "cpu" or run.base is None:
        return None
    if need is None:
        remedy = f"`make base RUN={run.name}`" if run.base.from_scratch else "get the base (see base.model)"
        return Finding("Kaggle's T4", "warning", "unknown: the base's config.json is not here", "", remedy)
    found = f"{sized(need.answering)} reckoned, {sized(need.weights)} of them weights"
    if need.weights > 0.9 * T4_BYTES:
        remedy = 'take a smaller base, or method = "qlora"'
        return Finding("Kaggle's T4", "problem", found, "at most 15 GiB: each T4 holds all of the base", remedy)
    if need.overflows_in_fp16:
        remedy = "compare `make score` on a GPU without bf16, or take a base that fp16 holds"
        return Finding("Kaggle's T4", "warning", "this base overflows in fp16", "fp16: a T4 has no bf16", remedy)
    if need.answering > T4_BYTES:
        remedy = "lower generation.batch_size: the queue halves a batch that does not fit, which costs time"
        return Finding("Kaggle's T4", "warning", found, "at most 15 GiB", remedy)
    return Finding("Kaggle's T4", "ok", f"{found}, of 15 GiB; in fp16")


def check_credentials(missing: Sequence[str]) -> list[Finding]:
    """Say whether there are credentials for Kaggle and, where a model of the run asks for it, for the hub."""
    kaggle, hub = place_of_credentials(), place_of_token()
    remedy = f"make a token at {TOKEN_PAGE}; save it as ~/.kaggle/access_token, or set KAGGLE_API_TOKEN"
    findings = [
        Finding("Kaggle credentials", "ok", f"in {kaggle}; not tried, not shown")
        if kaggle
        else Finding("Kaggle credentials", "warning", "none", "a token, for `make upload`", remedy)
    ]
    if hub:
        findings.append(Finding("hub token", "ok", f"in {hub}; not tried, not shown"))
    elif any("HF_TOKEN" in sentence for sentence in missing):
        remedy = "accept the model's licence on its page, then run `hf auth login` or set HF_TOKEN"
        findings.append(Finding("hub token", "warning", "none", "one, if a model is gated or private", remedy))
    else:
        findings.append(Finding("hub token", "ok", "none, and no model of the run asks for one"))
    return findings


def sized(size: float) -> str:
    """Return a number of bytes as a person reads it."""
    return f"{size / GIB:.1f} GiB" if size > GIB / 10 else f"{size / (1 << 20):.1f} MiB"
