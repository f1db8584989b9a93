"""A run that uses adapters of other runs in, those runs and adapters out: what it starts from, what answers beside."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prompt_recovery.config import RunConfig
from prompt_recovery.config_file import load_toml
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, sha256
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder

_BASE_KEYS = ("model", "revision")
_FREE_LORA_KEYS = ("dropout",)  # nothing of it is in an adapter's weights


def require_chain(run: RunConfig, configs: Path) -> list[str]:
    """Return the names of the runs that `run` continues, by their files in `configs`, the nearest first.

    Raises InputError when one of them has no config, or when the chain comes back to a run that it has passed.
    """
    chain, name = [run.name], run.init_from
    while name:
        if name in chain:
            raise InputError(
                f"{configs / run.name}.toml: init_from: the chain of runs is a circle: {' -> '.join([*chain, name])}. "
                "Let one of them start from a fresh adapter."
            )
        path = configs / f"{name}.toml"
        if not path.is_file():
            raise InputError(f"{configs / chain[-1]}.toml: init_from = {name!r}: there is no {path}.")
        chain.append(name)
        name = tomllib.loads(path.read_text(encoding="utf-8")).get("init_from")
    return chain[1:]


def runs_before(run: RunConfig) -> list[dict[str, Any]]:
    """Return what made the adapter that `run` starts from: each stage's run, data, SHA-256s and cost.

    Raises InputError when the run before has not finished, was of another base or LoRA shape, or its adapter changed.
    """
    if run.init_from is None:
        return []
    folder, made_by = RunFolder(Path("runs") / run.init_from), f"make train RUN={run.init_from}"
    manifest = read_json(folder.manifest("train"), made_by=made_by)
    _require_same_shape(run, manifest["config"], made_by)
    adapter = folder.trained(run.method)
    _require_unchanged(adapter, manifest, made_by)
    last = {
        "run": run.init_from,
        "data": manifest["config"]["data"],
        "triples": manifest["inputs"]["triples"],
        "adapter": manifest["outputs"][adapter.name],
        "rows": manifest["counts"]["rows"],
        "seconds": manifest["seconds"],
        "peak_bytes": peak_bytes(manifest),
    }
    return [*manifest["counts"].get("runs_before", []), last]


def adapter_before(run: RunConfig) -> dict[str, Path]:
    """Return the adapter that `run` starts from, as an input by its name; nothing of a run that starts afresh."""
    return {"init_from": RunFolder(Path("runs") / run.init_from).trained(run.method)} if run.init_from else {}


def require_adapters(run: RunConfig, configs: Path) -> None:
    """Raise InputError unless each of `generation.adapters` is a run of `configs` on the same base with an adapter."""
    for name in run.generation.adapters:
        path = configs / f"{name}.toml"
        if not path.is_file():
            raise InputError(f"{configs / run.name}.toml: generation.adapters: {name!r}: there is no {path}.")
        other = load_toml(RunConfig, path)
        _require_answers_too(run, name, other.method, other.model_dump(mode="json")["base"] or {})


def adapters_beside(run: RunConfig) -> dict[str, Path]:
    """Return the adapter of each of `generation.adapters`, by the name of its run, in their order.

    Raises InputError when one is not trained yet, is of another base, or has changed since it was trained.
    """
    adapters = {}
    for name in run.generation.adapters:
        folder, made_by = RunFolder(Path("runs") / name), f"make train RUN={name}"
        if not folder.manifest("train").is_file():
            raise InputError(
                f"run {run.name}: generation.adapters: {name!r} is not trained: no {folder.manifest('train')}. "
                f"Run `{made_by}` first, or take it out of the setting."
            )
        manifest = read_json(folder.manifest("train"), made_by=made_by)
        _require_answers_too(run, name, manifest["config"]["method"], manifest["config"]["base"] or {})
        adapters[name] = folder.adapter_of(manifest["config"]["method"])
        _require_unchanged(adapters[name], manifest, made_by)
    return adapters


def peak_bytes(manifest: Mapping[str, Any]) -> int:
    """Return the memory that a stage held at most: the GPU's where there is one, else the process's."""
    return manifest["counts"]["peak_gpu_bytes"] or manifest["peak_memory_bytes"]


def _require_answers_too(run: RunConfig, name: str, method: str, base: Mapping[str, Any]) -> None:
    if METHODS[method].trains != "adapter":
        raise InputError(f'run {run.name}: generation.adapters: {name!r} has no adapter, method = "{method}".')
    own = run.model_dump(mode="json")["base"]
    different = [key for key in _BASE_KEYS if base.get(key) != own[key]]
    if different:
        found = ", ".join(f"base.{key} = {base.get(key)!r} there and {own[key]!r} here" for key in different)
        raise InputError(
            f"run {run.name}: generation.adapters: {name!r} is on another base: {found}. Take it out of the setting, "
            f"or give both the same base and run `make train RUN={name}`."
        )


def _require_unchanged(adapter: Path, manifest: Mapping[str, Any], made_by: str) -> None:
    if not adapter.is_dir() or sha256(adapter) != manifest["outputs"][adapter.name]:
        raise InputError(f"{adapter}: is not the adapter that its manifest speaks of. Run `{made_by}` again.")


def _require_same_shape(run: RunConfig, trained: Mapping[str, Any], made_by: str) -> None:
    own = run.model_dump(mode="json")
    keys = [("base", key) for key in _BASE_KEYS]
    keys += [("lora", key) for key in own["lora"] if key not in _FREE_LORA_KEYS]
    different = [
        f"\n  {section}.{key}: {trained[section].get(key)!r} in {run.init_from}, {own[section][key]!r} in {run.name}"
        for section, key in keys
        if trained[section].get(key) != own[section][key]
    ]
    if trained["method"] != run.method:
        different.insert(0, f"\n  method: {trained['method']!r} in {run.init_from}, {run.method!r} in {run.name}")
    if different:
        raise InputError(
            f"run {run.name}: cannot start from the adapter of {run.init_from}, base and LoRA shape must be the same:"
            f"{''.join(different)}\nMake them agree, or train the first run so with `{made_by}`."
        )
