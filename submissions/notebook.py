# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # LLM Prompt Recovery
# Finds the prompt behind every rewritten text of `test.csv` with the run in the attached bundle, offline.
# Rendered by `make submit`; edit `submissions/notebook.py` instead.
#
# First a whole submission of one prompt for all rows, with the standard library alone: from here on there is a file.

# %%
import csv
import functools
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path

STARTED = time.monotonic()
BUNDLE_ID = "set by make submit"
DEFAULT = "set by make submit"
ROOT = Path(os.environ.get("PROMPT_RECOVERY_KAGGLE_ROOT", "/kaggle"))
WORKING = ROOT / "working"
# Set where nobody sees an error, only that there was one: then any submission is better than none.
HIDDEN_RUN = bool(os.environ.get("KAGGLE_IS_COMPETITION_RERUN"))
HERE = {re.sub(r"[-_.]+", "_", own.name).lower(): own.version for own in metadata.distributions()}
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "numpy", "pandas", "scikit_learn", "sentence_transformers")
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}


def find_input(name: str, beside: str = "") -> Path:
    """Find the one folder under the input mount that holds the file `name` (and `beside`), whatever the layout."""
    found = sorted(file.parent for file in (ROOT / "input").rglob(name) if (file.parent / beside).exists())
    if len(found) != 1:
        tree = "\n".join(map(str, sorted((ROOT / "input").rglob("*"))[:200]))
        raise FileNotFoundError(f"{name}: expected in one folder under {ROOT}, found in {found}. There is:\n{tree}")
    return found[0]


def write_whole(name: str, write) -> None:
    """Let `write` fill a file beside `name` in the working folder and put it in its place."""
    partial = WORKING / f".{name}.partial"
    with partial.open("w", encoding="utf-8", newline="") as file:
        write(file)
    os.replace(partial, WORKING / name)


def write_submission(texts: list[str]) -> None:
    rows = [("id", "rewrite_prompt"), *zip(IDS, texts, strict=True)]
    write_whole("submission.csv", lambda file: csv.writer(file, lineterminator="\n").writerows(rows))


csv.field_size_limit(2**31 - 1)
TEST_CSV = find_input("test.csv", beside="sample_submission.csv") / "test.csv"
with TEST_CSV.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
    ROWS = list(csv.DictReader(lines))
IDS = [row["id"] for row in ROWS]
write_submission([DEFAULT] * len(IDS))
print(f"{len(IDS)} rows, bundle {BUNDLE_ID}, {'hidden run' if HIDDEN_RUN else 'commit run'}")

# %% [markdown]
# The bundle: the right one, whole, and its package on the path.


# %%
def open_bundle() -> Path:
    """Return the bundle's folder once its wheels can be imported."""
    bundle = find_input("prompt-recovery-bundle.json")
    marker = json.loads((bundle / "prompt-recovery-bundle.json").read_text(encoding="utf-8"))
    if marker["bundle_id"] != BUNDLE_ID:
        raise ValueError(f"{bundle}: holds bundle {marker['bundle_id']}, this notebook wants {BUNDLE_ID}: upload again")
    for name, entry in marker["files"].items():
        with (bundle / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != entry["sha256"]:
                raise ValueError(f"{bundle / name}: is not the file that was bundled: upload again")
    site = tempfile.mkdtemp(prefix="site-")
    options = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--find-links", str(bundle)]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", site, *wanted_wheels(bundle)]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        raise RuntimeError(f"the bundle's wheels could not be installed: {finished.stderr.strip()[-2000:]}")
    sys.path.insert(0, site)
    return bundle


def wanted_wheels(bundle: Path) -> list[str]:
    """Return what pip shall choose wheels for: the project's own package, and what is not here in just this version."""
    wheels = {tuple(file.name.split("-")[:2]) for file in bundle.glob("*.whl")}
    wanted = [one for one in wheels if one[0] == "prompt_recovery" or HERE.get(one[0].lower()) != one[1]]
    return [f"{name}=={version}" for name, version in sorted(wanted)]


# %% [markdown]
# The answers: each batch to a process a GPU, each row with an answer of its own or, counted and reported, the default.


# %%
def answer_rows(report: dict) -> None:
    """Answer every row, rewriting the submission now and then, and fill in the report."""
    bundle = open_bundle()
    from prompt_recovery.engines.gpu import count_gpus
    from prompt_recovery.places import RunFolder
    from prompt_recovery.recover import answering
    from prompt_recovery.submit.queue.dealing import Limits, answer_all
    from prompt_recovery.submit.queue.given_rows import pairs_of
    from prompt_recovery.submit.queue.journal import Journal
    from prompt_recovery.submit.unpacking import unpack_bundle

    os.chdir(tempfile.mkdtemp(prefix="project-"))
    folder = unpack_bundle(bundle, Path.cwd(), inputs=ROOT / "input")
    run = RunFolder(folder).read_config()
    gpus = list(range(count_gpus())) if run.device != "cpu" else [None] * run.submit.cpu_workers
    if not gpus:
        problem = f"no GPU is visible, and the run has device = {run.device!r}: set the accelerator"
        if not HIDDEN_RUN:  # somebody sees it, and the quota is not spent on what comes to nothing
            raise RuntimeError(problem)
        report["problems"].append(problem)
    pairs, odd = pairs_of(ROWS)
    print(*odd, sep="\n")

    def save(progress) -> None:
        write_submission(progress.texts())
        report.update(progress.report(), problems=report["problems"])
        print(f"{time.monotonic() - STARTED:.0f} s: {report['answered']}, {report['rows_per_second']} rows/s")

    progress = answer_all(
        pairs,
        functools.partial(answering.question_lengths, folder, pairs),
        functools.partial(answering.load_answerer, folder),
        default=DEFAULT,
        limits=Limits(
            batch_size=run.generation.batch_size,
            batch_seconds=run.submit.batch_limit_seconds,
            load_seconds=run.submit.batch_limit_seconds,
            until=STARTED + 3600 * run.submit.time_limit_hours,
        ),
        gpus=gpus or [None],  # of a model for a GPU the main memory holds one
        journal=Journal(WORKING / "answers.jsonl", f"{BUNDLE_ID} {hashlib.sha256(TEST_CSV.read_bytes()).hexdigest()}"),
        save=save,
    )
    report["problems"] += progress.problems


# %%
report = {"bundle_id": BUNDLE_ID, "mode": "rerun" if HIDDEN_RUN else "commit", "rows": len(IDS), "problems": []}
report |= {"answered": {"default": len(IDS)}, "default_reasons": {}, "rows_per_second": 0.0, "peak_memory_bytes": 0}
report |= {"workers": [], "batches": 0, "libraries": {"python": platform.python_version()}}
report["libraries"] |= {name: HERE[name] for name in LIBRARIES if name in HERE}
try:
    answer_rows(report)
except Exception as error:  # whatever it is, the file is there, and in the hidden run it is what can be had
    traceback.print_exc()
    report["problems"].append(f"{type(error).__name__}: {error}")
report["seconds"] = round(time.monotonic() - STARTED, 1)
write_whole("run_report.json", lambda file: json.dump(report, file, indent=2, ensure_ascii=False))
print(json.dumps(report, indent=2, ensure_ascii=False))
if report["problems"] and not HIDDEN_RUN:
    raise RuntimeError("\n".join(report["problems"]))
