"""A bundle, its models and a test table in, a fake /kaggle out, in either of the layouts of its mounts."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from prompt_recovery.submit.metadata import is_dataset

Layout = Literal["nested", "flat"]


@dataclass(frozen=True)
class Mounted:
    """What Kaggle mounts: the bundle as the dataset `owner`/`slug`, and the folder of each further source."""

    bundle: Path
    owner: str
    slug: str
    competition: str
    sources: Mapping[str, Path]


def make_tree(
    root: Path, mounted: Mounted, pairs: pd.DataFrame, sample_ids: list[str], layout: Layout, *, is_read_only: bool
) -> Path:
    """Build <root>/input and an empty <root>/working -> the folder of the bundle's copy.

    `is_read_only`: nobody will be able to write there, so that files can be links to the bundle's own.
    """
    remove_tree(root)
    own = f"{mounted.owner}/{mounted.slug}"
    bundle = root / "input" / place_of(own, layout)
    bundle.parent.mkdir(parents=True)
    shutil.copytree(mounted.bundle, bundle, copy_function=_linked if is_read_only else shutil.copy2)
    files = root / "input" / (mounted.competition if layout == "flat" else f"competitions/{mounted.competition}")
    files.mkdir(parents=True)
    pairs.to_csv(files / "test.csv", index=False)
    sample = pd.DataFrame({"id": sample_ids, "rewrite_prompt": "-"})
    sample.to_csv(files / "sample_submission.csv", index=False)
    for source, folder in mounted.sources.items():
        target = root / "input" / place_of(source, layout)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(folder.resolve())
    (root / "working").mkdir()
    return bundle


def place_of(source: str, layout: Layout) -> Path:
    """Return where under /kaggle/input a dataset (owner/slug) or a model (of five parts) is mounted."""
    if layout == "flat":
        return Path(*source.split("/")[1:])
    return Path("datasets" if is_dataset(source) else "models", source)


def remove_tree(root: Path) -> None:
    """Remove a fake /kaggle or a folder of it, if there is one."""
    if root.exists():
        shutil.rmtree(root)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of every file under `folder`, of mounted models too: what a notebook changed."""
    files = (Path(at, name) for at, _, names in os.walk(folder, followlinks=True) for name in names)
    return {str(file.relative_to(folder)): (file.stat().st_size, file.stat().st_mtime_ns) for file in files}


def replace_file(file: Path, change: Callable[[bytes], bytes]) -> None:
    """Put changed bytes in the place of a file of a copy, which may be a link to the bundle's own."""
    changed = change(file.read_bytes())
    file.unlink()
    file.write_bytes(changed)


def _linked(source: str, target: str) -> None:
    """Copy a file, however large, without its bytes."""
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
