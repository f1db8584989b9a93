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
# Finds the prompt behind every rewritten text of `test.csv` with the adapter of the attached bundle, offline.
# Rendered by `make submit`; edit `submissions/notebook.py` instead.

# %%
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}

BUNDLE_ID = "set by make submit"
ROOT = Path(os.environ.get("PROMPT_RECOVERY_KAGGLE_ROOT", "/kaggle"))
SUBMISSION_CSV = ROOT / "working" / "submission.csv"


def find_input(name: str, beside: str = "") -> Path:
    """Find the one folder under the input mount that holds the file `name` (and `beside`), whatever the layout."""
    found = sorted(file.parent for file in (ROOT / "input").rglob(name) if (file.parent / beside).exists())
    if len(found) != 1:
        tree = "\n".join(map(str, sorted((ROOT / "input").rglob("*"))[:200]))
        raise FileNotFoundError(f"{name}: expected in one folder under {ROOT}, found in {found}. There is:\n{tree}")
    return found[0]


# %% [markdown]
# The bundle: the right one, whole, and its package on the path.

# %%
bundle = find_input("prompt-recovery-bundle.json")
competition = find_input("test.csv", beside="sample_submission.csv")
marker = json.loads((bundle / "prompt-recovery-bundle.json").read_text())
if marker["bundle_id"] != BUNDLE_ID:
    raise ValueError(f"{bundle}: holds bundle {marker['bundle_id']}, this notebook wants {BUNDLE_ID}: upload again")
for name, entry in marker["files"].items():
    if hashlib.sha256((bundle / name).read_bytes()).hexdigest() != entry["sha256"]:
        raise ValueError(f"{bundle / name}: is not the file that was bundled: upload again")
site = Path(tempfile.mkdtemp(prefix="site-"))
wheels = sorted(map(str, bundle.glob("*.whl")))
subprocess.run(
    [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        "--target",
        str(site),
        *wheels,
    ],
    check=True,
)
sys.path.insert(0, str(site))

# %%
import prompt_recovery
from prompt_recovery.places import RunFolder
from prompt_recovery.recover.answers import answers_by, constant_answers
from prompt_recovery.submit.bundle import unpack_bundle
from prompt_recovery.tables import PAIRS, SUBMISSION, read_table, write_table

assert Path(prompt_recovery.__file__).is_relative_to(site), f"{prompt_recovery.__file__} is not the bundle's package"
folder = RunFolder(unpack_bundle(bundle, Path(tempfile.mkdtemp(prefix="run-")), models=ROOT / "input"))
run = folder.read_config()
constant = json.loads(folder.constant.read_text())["rewrite_prompt"]

# %% [markdown]
# A full submission of the constant prompt comes first, then the model's answers take its place.

# %%
pairs = read_table(competition / "test.csv", PAIRS)
write_table(constant_answers(pairs, constant), SUBMISSION_CSV, SUBMISSION)
print(f"{len(pairs)} rows, bundle {BUNDLE_ID}, base {run.base.model}")

# %%
answers = answers_by(run.method, pairs, run, trained=folder.trained(run.method), constant=constant)
write_table(answers, SUBMISSION_CSV, SUBMISSION)
print(answers["answered_by"].value_counts().to_dict())
