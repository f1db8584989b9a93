"""What several test modules share: small model folders, a few triples."""

import gc
import os
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

PROJECT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items):
    """Let the files that take long begin, so that the processes end together; the last two need what the first made."""
    long = "pipeline data_run cluster sharding workers run_chain compared_runs interruption".split()
    order = {f"test_{name}.py": place for place, name in enumerate(long)}
    items.sort(key=lambda item: order.get(item.path.name, len(long)))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep the garbage collector off what test modules import: a million objects, and they stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def done(tmp_path_factory) -> tuple[Path, str]:
    """A project in which `make submit` of a very small run has ended, and what it printed: one for all processes."""
    from small_project import make, make_project

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    project, printed = shared / "project", shared / "printed.txt"
    with FileLock(shared / "project.lock"):
        if not printed.exists():
            said = make(make_project(project))
            printed.write_text(said)
    return project, printed.read_text()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory):
    """A function from a family name to its model folder, made once."""
    from small_models import make_model_folder

    made: dict[str, Path] = {}

    def folder(family: str) -> Path:
        if family not in made:
            made[family] = make_model_folder(family, tmp_path_factory.mktemp(family))
        return made[family]

    return folder


@pytest.fixture
def triples() -> pd.DataFrame:
    """Four rows of schema TRIPLES, of two families."""
    originals = ["The kettle sang.", "Mabel wrote a letter to her aunt in Cork.", "Bread is cheap.", "We left at nine."]
    rows = []
    for number, original in enumerate(originals):
        pirate = number % 2 == 0
        rows.append({
            "id": str(number),
            "original_text": original,
            "rewrite_prompt": "Rewrite this text like a pirate." if pirate else "Make it upper case.",
            "rewritten_text": f"Arr, {original}" if pirate else original.upper(),
            "family": "pirate" if pirate else "upper_case",
            "phrasing": "like a pirate" if pirate else "upper case",
            "original_source": "story",
            "original_group": f"story-{number}",
            "rewriter": "rules",
            "split": "train",
        })  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def embed_angles():
    """An embedder of angles: the text "30" becomes the unit vector at 30 degrees, so that every cosine is known."""

    def embed(texts):
        angles = np.radians([float(text) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    return embed
