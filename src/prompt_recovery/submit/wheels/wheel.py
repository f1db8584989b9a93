"""The project's folder in, its wheel out."""

import shutil
import subprocess
import sys
from pathlib import Path

from prompt_recovery.errors import InputError


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the package's wheel into `folder` without the network, from a copy: no build leftovers get in or stay."""
    copy = folder / "project"
    shutil.copytree(project / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(project / "pyproject.toml", copy)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(copy)]
    finished = subprocess.run([*command, *options], capture_output=True, text=True)
    if finished.returncode:
        raise InputError(f"{project}: its wheel could not be built:\n{finished.stderr.strip()[-2000:]}")
    return next(folder.glob("*.whl"))
