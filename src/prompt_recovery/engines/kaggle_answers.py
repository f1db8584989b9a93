"""Kaggle's answers about a dataset, a kernel and a submission in, the few fields that an upload looks at out."""

import json
from dataclasses import dataclass
from typing import Any

SOURCES = ("dataset", "competition", "kernel", "model")


@dataclass(frozen=True)
class RemoteDataset:
    """The dataset's newest version: its number, what was noted of it, and how far Kaggle is with it."""

    version: int
    notes: str
    status: str  # READY, FAILED, DELETED, or a stage on the way

    @classmethod
    def read(cls, found: Any, status: Any) -> "RemoteDataset":
        """Read an ApiDataset and an ApiGetDatasetStatusResponse."""
        version = found.current_version_number
        notes = [one.version_notes or "" for one in found.versions or [] if one.version_number == version]
        if version == 1:  # which has no notes of its own
            notes.append(found.description or "")
        return cls(version, "\n".join(notes), status.status.name)


@dataclass(frozen=True)
class RemoteKernel:
    """The kernel's newest version: its number, the text of its cells, and what it runs with."""

    version: int
    cells: tuple[str, ...]
    internet: bool
    sources: frozenset[str]  # lower case

    @classmethod
    def read(cls, found: Any) -> "RemoteKernel":
        """Read an ApiGetKernelResponse."""
        about = found.metadata
        sources = [source for kind in SOURCES for source in getattr(about, f"{kind}_data_sources") or []]
        return cls(
            about.current_version_number,
            cell_texts(found.blob.source or ""),
            bool(about.enable_internet),
            frozenset(source.lower() for source in sources),
        )


@dataclass(frozen=True)
class Submission:
    """One submission: PENDING, COMPLETE or ERROR, with the score as Kaggle writes it, "" while there is none."""

    ref: int
    status: str
    public_score: str
    error: str

    @classmethod
    def read(cls, found: Any) -> "Submission":
        """Read an ApiSubmission."""
        return cls(found.ref, found.status.name, found.public_score or "", found.error_description or "")


def cell_texts(notebook: str) -> tuple[str, ...]:
    """Return the text of each cell of an .ipynb, the same however Kaggle writes the file; () of no .ipynb."""
    try:
        cells = json.loads(notebook)["cells"]
    except (json.JSONDecodeError, KeyError, TypeError):  # a script
        return ()
    return tuple("".join(cell["source"]) for cell in cells)
