"""A notebook and a fake /kaggle in, the notebook executed there out: how long it took and with what error it ended."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prompt_recovery.submit.rehearsal.isolation import Isolation

_KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")


@dataclass(frozen=True)
class Executed:
    """`error`: of the cell that failed, its name and text; "" when all ended well."""

    notebook: Path
    seconds: float
    error: str


def execute(
    notebook: Path,
    root: Path,
    isolation: Isolation,
    *,
    python: str = sys.executable,
    variables: Mapping[str, str],
    limit_seconds: float,
) -> Executed:
    """Execute the notebook by papermill of the interpreter `python`, as Kaggle does, with nothing of this environment.

    After `limit_seconds` it is ended, which is an error.
    """
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    own = {"HOME": str(root), "PROMPT_RECOVERY_KAGGLE_ROOT": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    own |= {"TMPDIR": str(root / "tmp")}
    executed, log = root / "executed.ipynb", root / "papermill.log"
    options = ["--kernel", "python3", "--cwd", str(root / "working"), "--no-progress-bar"]
    command = [python, "-m", "papermill", *options, str(notebook.resolve()), str(executed)]
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*isolation.command(root), *command],
            env=kept | own | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            code = process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            process.kill()
            process.wait()
    seconds = time.monotonic() - started
    if code is None:
        return Executed(executed, seconds, f"it had not ended after {limit_seconds:.0f} s")
    return Executed(executed, seconds, (_last_error(executed) or _end_of(log)) if code else "")


def _last_error(executed: Path) -> str:
    if not executed.exists():
        return ""
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    errors = [output for cell in cells for output in cell.get("outputs", []) if output["output_type"] == "error"]
    return f"{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else ""


def _end_of(log: Path) -> str:
    return "papermill ended with: " + log.read_text(encoding="utf-8", errors="replace").strip()[-1000:]
