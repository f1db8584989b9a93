"""What was done with one bundle, kept in submissions/<run>/upload.json so that nothing is done twice."""

from pathlib import Path
from typing import Any

from prompt_recovery.manifest import read_json, write_json


class UploadState:
    """The facts of each step, written as they come. What was recorded of another bundle counts for nothing."""

    def __init__(self, path: Path, bundle_id: str) -> None:
        self._path = path
        kept = read_json(path, made_by="make upload RUN=...") if path.exists() else {}
        self._values = kept if kept.get("bundle_id") == bundle_id else {"bundle_id": bundle_id}

    def facts(self, step: str) -> dict[str, Any]:
        """Return what is known of a step, nothing before it was begun."""
        return dict(self._values.get(step, {}))

    def record(self, step: str, **facts: Any) -> None:
        """Add facts to a step, on the disk before this returns."""
        self._values[step] = self.facts(step) | facts
        write_json(self._path, self._values)

    def begin_again(self, step: str, **kept: Any) -> None:
        """Let a step be done again, with what was learnt from it so far."""
        self._values[step] = kept
        write_json(self._path, self._values)
