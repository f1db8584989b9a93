"""A run's submission in, whether its bundle is whole, closed, rehearsed in time, and how far its upload came, out."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json
from prompt_recovery.submit.bundle import MARKER
from prompt_recovery.submit.doctor.finding import Finding
from prompt_recovery.submit.doctor.machine import BUNDLE_BYTES, sized
from prompt_recovery.submit.upload.rehearsed import require_own_notebook, require_rehearsed, require_whole
from prompt_recovery.submit.wheels.closure import closure_problems
from prompt_recovery.submit.wheels.image import Image
from prompt_recovery.submit.wheels.wheelhouse import needed_packages, pinned_wheels

OLD_DAYS = 60  # Kaggle builds a new image every few weeks


def check_wheels(run: config.RunConfig, folder: Path, image: Image, today: date) -> list[Finding]:
    """Hold the bundle's wheels against the recorded image, or name those that it will have."""
    days = (today - image.date).days
    if days > OLD_DAYS:
        remedy = "save `!pip freeze` of a notebook there, then run scripts/image.py with it"
        age = Finding("Kaggle's image", "warning", f"recorded {image.date}, {days} days ago", "a newer one", remedy)
    else:
        age = Finding("Kaggle's image", "ok", f"recorded {image.date}")
    versions = {name: pinned.version for name, pinned in pinned_wheels().items()}
    needed = {n: why for n, why in needed_packages(run).items() if image.packages.get(n) != versions[n]}
    wheels = sorted((folder / "bundle").glob("*.whl"))
    if not wheels:
        names = [f"{name} {versions[name]}" for name in needed]
        return [age, Finding("wheels", "ok", f"to come, each known by its hash: {', '.join([*names, 'our own'])}")]
    held = {one.name.split("-")[0].replace("_", "-").lower() for one in wheels}
    problems = [f"no wheel of {name}: {why}" for name, why in needed.items() if name not in held]
    problems += closure_problems(wheels, image)
    if problems:
        return [age, Finding("wheels", "problem", "; ".join(problems), remedy=f"`make submit RUN={run.name}`")]
    return [age, Finding("wheels", "ok", f"{len(wheels)} in the bundle; they and the image have all that they ask for")]


def check_bundle(run: config.RunConfig, folder: Path) -> list[Finding]:
    """Look at bundle, notebook, rehearsal and upload, as far as they are made."""
    remade, redone, notebook = f"make submit RUN={run.name}", f"make rehearse RUN={run.name}", folder / "notebook.ipynb"
    if not (folder / "bundle" / MARKER).exists():
        return [Finding("bundle", "warning", "none yet", remedy=f"`{remade}` makes and rehearses it")]
    marker = read_json(folder / "bundle" / MARKER, made_by=remade)
    bundle_id, size = marker["bundle_id"], sum(entry["bytes"] for entry in marker["files"].values())
    fine = f"{bundle_id}, {len(marker['files'])} files, {sized(size)}"
    findings = [
        _tried("bundle", fine, lambda: require_whole(folder / "bundle", marker["files"], remade)),
        _tried("notebook", f"of bundle {bundle_id}", lambda: require_own_notebook(notebook, bundle_id, remade)),
    ]
    if size > BUNDLE_BYTES:
        remedy = "let Kaggle mount the base: submit.base_source"
        findings.append(Finding("bundle's size", "problem", sized(size), f"at most {sized(BUNDLE_BYTES)}", remedy))
    path = folder / "rehearsal.json"
    if not path.exists():
        return [*findings, Finding("rehearsal", "warning", "none of this bundle", remedy=f"`{redone}`")]
    cases = len(read_json(path, made_by=redone).get("cases", []))
    fine = f"of bundle {bundle_id}, {cases} cases, each ended as it must"
    findings.append(_tried("rehearsal", fine, lambda: require_rehearsed(path, bundle_id, redone)))
    return [*findings, *_projected(path, redone), _uploaded(folder, bundle_id)]


def _tried(subject: str, fine: str, check: Callable[[], None]) -> Finding:
    try:
        check()
    except InputError as error:
        return Finding(subject, "problem", str(error))
    return Finding(subject, "ok", fine)


def _projected(path: Path, redone: str) -> list[Finding]:
    projection = read_json(path, made_by=redone).get("projection")
    if not projection:
        return [Finding("hidden run's time", "warning", "not projected", remedy=f"`{redone}`")]
    found = f"{projection['hours']:.2f} h projected for {projection['rows']} rows"
    limit, factor = projection["limit_hours"], projection["gpu_factor"]
    if projection["hours"] > limit:
        remedy = (
            "lower generation.samples, max_new_tokens or chat.max_text_tokens; or set submit.gpu_factor (now "
            f"{factor:g}) if Kaggle's GPUs are faster than what it was rehearsed on"
        )
        expected = f"at most {limit:g} h: then the rows that are left get the constant"
        return [Finding("hidden run's time", "problem", found, expected, remedy)]
    return [Finding("hidden run's time", "ok", f"{found}, of {limit:g} h (gpu_factor {factor:g})")]


def _uploaded(folder: Path, bundle_id: str) -> Finding:
    path, again = folder / "upload.json", "`make upload` goes on from there"
    if not path.exists():
        return Finding("upload", "ok", "not begun")
    state = read_json(path, made_by="make upload")
    if state["bundle_id"] != bundle_id:
        found = f"of bundle {state['bundle_id']}, an earlier one"
        return Finding("upload", "warning", found, f"bundle {bundle_id}", "`make upload` sends the new one")
    kernel, output = state.get("kernel", {}), state.get("output")
    if kernel.get("failed") and "version" not in kernel:
        versions = ", ".join(map(str, kernel["failed"]))
        return Finding("upload", "problem", f"notebook version {versions} failed on Kaggle", "a run to its end", again)
    if output:
        return Finding("upload", "ok", f"notebook version {output['version']} ran on Kaggle, its output is valid")
    step = "the notebook is pushed, its output not fetched yet" if "version" in kernel else "the data set is sent"
    return Finding("upload", "warning", step, "a fetched and valid output", again)
