"""A bundle, its notebook and test pairs in, what Kaggle would get out: a run in a fake tree with the network off."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine
from prompt_recovery.submit.submission_file import check_submission
from prompt_recovery.tables import PAIRS, SUBMISSION, write_table

Embed = Callable[[Sequence[str]], np.ndarray]

_TOLERANCE = 1e-6  # of a row's SCS: the same text, embedded in another batch
_LOOPBACK_UP = (  # a notebook's kernel talks to its client over loopback, which is down in a new namespace
    "import fcntl, socket, struct; "
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 0x1 | 0x40))"  # SIOCSIFFLAGS, UP | RUNNING
)
_SOCKET_BLOCK = """
import socket

_connect = socket.socket.connect


def connect(self, address):
    inet = self.family in (socket.AF_INET, socket.AF_INET6)
    if inet and not str(address[0]).startswith(("127.", "::1", "localhost")):
        raise OSError(f"the rehearsal has no network: {address}")
    return _connect(self, address)


socket.socket.connect = connect
"""


@dataclass(frozen=True)
class Isolation:
    """How the notebook is cut off: the command in front of its own, and what that guarantees."""

    command: tuple[str, ...]
    environment: dict[str, str]
    description: str


def rehearse(
    pairs: pd.DataFrame, root: Path, *, notebook: Path, bundle: Path, competition: str, models: Mapping[str, Path]
) -> pd.DataFrame:
    """Run the notebook on `pairs` in a fake /kaggle at `root` -> its checked submission, schema SUBMISSION.

    `models`: the folder of each Kaggle model source that the bundle itself does not hold.
    Raises InputError when a cell fails or the submission is not what Kaggle's scorer accepts.
    """
    _make_tree(root, bundle, pairs, competition, models)
    isolation = find_isolation(root)
    print(f"rehearsal of {len(pairs)} rows: {isolation.description}")
    return check_submission(_run_notebook(notebook, root, isolation), list(pairs["id"]))


def require_same_scores(answers: pd.DataFrame, truth: pd.DataFrame, scored: pd.DataFrame, embed: Embed) -> float:
    """Return the mean SCS of the rehearsed rows. Raises InputError unless every row has the score of stage 4.

    `truth`: schema TRUTH; `scored`: schema ROW_SCORES, the rows of the adapter.
    """
    rows = answers.merge(truth[["id", "rewrite_prompt"]], on="id", suffixes=("", "_true")).merge(scored, on="id")
    vectors = embed([*rows["rewrite_prompt_true"], *rows["rewrite_prompt"]])
    own = sharpened_cosine(vectors[: len(rows)], vectors[len(rows) :])
    different = rows[np.abs(own - rows["score"]) > _TOLERANCE]
    if len(rows) != len(answers) or len(different):
        raise InputError(
            f"{len(different)} of {len(answers)} rehearsed rows score otherwise than in stage 4, "
            f"for example {different.head(1).to_dict('records')}. What is shipped is not what was scored."
        )
    return float(own.mean())


def choose_rows(test: pd.DataFrame, predictions: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Return the test rows of whole batches, from the longest on, until there are `rows`, in an order of their own.

    The notebook then makes the same batches as the score did, so that its answers must be the same to the letter,
    although Kaggle's order is not ours.
    """
    chosen: list[str] = []
    for _, batch in predictions.groupby("batch"):
        if len(chosen) >= rows:
            break
        chosen += list(batch["id"])
    return test[test["id"].isin(chosen)].sample(frac=1, random_state=seed).reset_index(drop=True)


def _make_tree(root: Path, bundle: Path, pairs: pd.DataFrame, competition: str, models: Mapping[str, Path]) -> None:
    """Build <root>/input with bundle, competition and `models` (source -> folder) as Kaggle mounts them."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(bundle, root / "input" / "datasets" / "owner" / bundle.parent.name)
    files = root / "input" / "competitions" / competition
    write_table(pairs, files / "test.csv", PAIRS)
    write_table(pairs.assign(rewrite_prompt="-"), files / "sample_submission.csv", SUBMISSION)
    for source, model in models.items():
        target = root / "input" / "models" / source
        target.parent.mkdir(parents=True)
        target.symlink_to(model.resolve())
    (root / "working").mkdir()


def find_isolation(root: Path) -> Isolation:
    """Return a network namespace with the input mounted read-only, or, where that is not permitted, a socket block."""
    user = () if os.geteuid() == 0 else ("--map-root-user",)
    prelude = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && "$2" -c "$3" && shift 3 && exec "$@"'
    shell = ("sh", "-c", prelude, "sh", str(root / "input"), sys.executable, _LOOPBACK_UP)
    command = ("unshare", *user, "--net", "--mount", *shell)
    try:
        allowed = subprocess.run([*command, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    if allowed:
        return Isolation(command, {}, "network namespace, input mounted read-only")
    block = root / "block"
    block.mkdir(exist_ok=True)
    (block / "sitecustomize.py").write_text(_SOCKET_BLOCK, encoding="utf-8")
    for path in (root / "input").rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    description = "no network namespace (unshare is missing or not permitted): sockets blocked in Python only"
    return Isolation((), {"PYTHONPATH": str(block)}, description)


def _run_notebook(notebook: Path, root: Path, isolation: Isolation) -> Path:
    """Execute the notebook beside `root` -> the path of its submission.csv.

    Raises InputError with the end of the notebook's output when a cell fails.
    """
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")}
    environment = kept | isolation.environment | {"HOME": str(root), "PROMPT_RECOVERY_KAGGLE_ROOT": str(root)}
    executed = root / "executed.ipynb"
    papermill = [sys.executable, "-m", "papermill", "--kernel", "python3", "--cwd", str(root / "working")]
    finished = subprocess.run(
        [*isolation.command, *papermill, str(notebook.resolve()), str(executed)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    if finished.returncode:
        end = _last_error(executed)
        raise InputError(f"the notebook failed in its rehearsal; all output is in {executed}. It ends with:\n{end}")
    return root / "working" / "submission.csv"


def _last_error(executed: Path) -> str:
    if not executed.exists():
        return "(it did not start)"
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    errors = [output for cell in cells for output in cell.get("outputs", []) if output["output_type"] == "error"]
    return f"{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else "(no error was recorded)"
