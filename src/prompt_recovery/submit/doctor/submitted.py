"""A run's submission folder in, what was measured, asked for and heard of its bundle out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json
from prompt_recovery.submit.bundle import MARKER
from prompt_recovery.submit.submission_file import check_submission
from prompt_recovery.submit.wheels.image import Image, read_image
from prompt_recovery.tables import SUBMISSION, read_table


@dataclass(frozen=True)
class Submitted:
    """What is known of one bundle; empty where it is not there. `on_kaggle`: the report of the commit run there."""

    folder: Path
    marker: dict[str, Any]
    submit: dict[str, Any]  # the settings [submit] with which the bundle was made
    kernel: dict[str, Any]
    rehearsal: dict[str, Any]
    upload: dict[str, Any]
    on_kaggle: dict[str, Any]
    image: Image

    @property
    def bundle_id(self) -> str:
        return self.marker["bundle_id"]

    @property
    def hidden_case(self) -> dict[str, Any]:
        """The rehearsed hidden run."""
        return next((case for case in self.rehearsal.get("cases", []) if case["name"] == "hidden run"), {})

    @property
    def unknown(self) -> list[str]:
        """What was not there to be looked at."""
        there = {
            "rehearsal.json (`make rehearse`)": self.rehearsal,
            "its projection (`make rehearse`)": self.rehearsal.get("projection") or not self.rehearsal,
            "upload.json (`make upload`)": self.upload,
            "output/run_report.json of Kaggle's commit run (`make upload`)": self.on_kaggle,
        }
        return [name for name, found in there.items() if not found]

    def output_fault(self) -> str:
        """Return what the scorer would trip over in the commit run's file, "" when it is valid or not here."""
        path = self.folder / "output" / "submission.csv"
        if not path.exists():
            return ""
        try:
            check_submission(path, list(read_table(path, SUBMISSION)["id"]))
        except InputError as error:
            return str(error)
        return ""


def read_submitted(folder: Path) -> Submitted:
    """Read submissions/<run>. Raises InputError when nothing was packaged there."""
    made_by = f"make submit RUN={folder.name}"

    def read(name: str) -> dict[str, Any]:
        return read_json(folder / name, made_by=made_by) if (folder / name).exists() else {}

    return Submitted(
        folder=folder,
        marker=read_json(folder / "bundle" / MARKER, made_by=made_by),
        submit=read_json(folder / "manifest.json", made_by=made_by)["config"]["submit"],
        kernel=read_json(folder / "kernel-metadata.json", made_by=made_by),
        rehearsal=read("rehearsal.json"),
        upload=read("upload.json"),
        on_kaggle=read("output/run_report.json"),
        image=read_image(),
    )
