"""A project's folder in; a small submission as `make submit` leaves it, and its notebook's output, out."""

import hashlib
import json
from pathlib import Path

from prompt_recovery.config import Base, RunConfig, Submit, stage_settings
from prompt_recovery.manifest import write_json
from prompt_recovery.places import RunFolder
from prompt_recovery.submit.bundle import MARKER

MODEL = "google/gemma/transformers/7b-it/3"
RUN = RunConfig(
    name="tiny",
    data="tiny",
    device="cuda",
    base=Base(model="data/models/tiny"),
    submit=Submit(owner="ada", base_source=MODEL),
)
COMMIT = "c0ffee00" * 5 + "+dirty"
LOG = """# Submissions

| date | run | commit | bundle | local SCS (embedder; S0 / S1 / S2) | board score |
|---|---|---|---|---|---|
"""


def make_submission(project: Path, *, changed: str = "") -> Path:
    """Write runs/tiny, submissions/LOG.md and submissions/tiny -> the last. `changed` makes another bundle."""
    run = RunFolder(project / "runs" / "tiny")
    write_json(run.config, RUN.model_dump(mode="json"))
    splits = [{"method": RUN.method, "split": split, "score": 0.5} for split in ("S0", "S1")]
    write_json(run.score, {"embedder": "minilm", "scores": [*splits, {"method": "base", "split": "S0", "score": 0.1}]})
    folder = project / "submissions" / "tiny"
    bundle = folder / "bundle"
    bundle.mkdir(parents=True, exist_ok=True)
    files = {"config.json": "{}" + changed, "adapter--weights.safetensors": "w" * 300_000}
    for name, text in files.items():
        (bundle / name).write_text(text)
    entries = {
        name: {"path": name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text)}
        for name, text in files.items()
    }
    bundle_id = hashlib.sha256(json.dumps(entries).encode()).hexdigest()[:12]
    write_json(bundle / MARKER, {"bundle_id": bundle_id, "run": "tiny", "files": entries})
    licences = [{"name": "other"}]
    metadata = {"title": "prompt recovery tiny", "id": "ada/prompt-recovery-tiny", "licenses": licences}
    write_json(bundle / "dataset-metadata.json", metadata)
    write_json(folder / "kernel-metadata.json", KERNEL)
    source = [f'BUNDLE_ID = "{bundle_id}"\n', "print(BUNDLE_ID)"]
    cells = [{"cell_type": "code", "id": "0", "metadata": {}, "outputs": [], "execution_count": None, "source": source}]
    write_json(folder / "notebook.ipynb", {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    write_json(folder / "manifest.json", {"config": stage_settings(RUN, "submit"), "commit": COMMIT})
    cases = [{"name": "rerun", "ended": "as expected"}]
    write_json(folder / "rehearsal.json", {"bundle_id": bundle_id, "cases": cases})
    log = project / "submissions" / "LOG.md"
    if not log.exists():
        log.write_text(LOG)
    return folder


def bundle_id_of(folder: Path) -> str:
    return json.loads((folder / "bundle" / MARKER).read_text())["bundle_id"]


def make_output(folder: Path, **report) -> dict[str, bytes]:
    """Return what the notebook leaves behind in its commit run, by file name."""
    rows = b"id,rewrite_prompt\nx1,Make it rhyme.\nx2,Shorten it.\n"
    said = {"bundle_id": bundle_id_of(folder), "mode": "commit", "rows": 2, "problems": []} | report
    return {"submission.csv": rows, "run_report.json": json.dumps(said).encode(), "answers.jsonl": b"{}"}


KERNEL = {
    "id": "ada/prompt-recovery-tiny-notebook",
    "title": "prompt recovery tiny notebook",
    "code_file": "notebook.ipynb",
    "language": "python",
    "kernel_type": "notebook",
    "is_private": True,
    "enable_gpu": True,
    "enable_internet": False,
    "machine_shape": "NvidiaTeslaT4",
    "dataset_sources": ["ada/prompt-recovery-tiny"],
    "competition_sources": ["llm-prompt-recovery"],
    "model_sources": [MODEL],
    "kernel_sources": [],
}
