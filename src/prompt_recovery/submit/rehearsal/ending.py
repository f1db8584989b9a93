"""What an executed notebook left in, whether the case ended as it must out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json
from prompt_recovery.submit.rehearsal.cases import Case
from prompt_recovery.submit.rehearsal.execution import Executed
from prompt_recovery.submit.submission_file import check_submission

_REPORTED = ("bundle_id", "mode", "rows", "answered", "default_reasons", "problems", "seconds", "rows_per_second",
             "peak_memory_bytes", "workers", "libraries")  # fmt: skip


def check_ending(
    case: Case, executed: Executed, root: Path, ids: list[str], named: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the case's checked submission and its report. Raises InputError unless it ended as it must.

    `named`: what of a defect the error, or the report's problems, must name.
    """
    if case.must_stop and not executed.error:
        raise InputError(f"expected an error that names {named!r}, but the notebook ended without one.")
    if executed.error and not case.must_stop:
        raise InputError(f"expected it to end without an error, found:\n{executed.error}")
    _require_named(executed.error, named, "the error") if case.must_stop else None
    answers = check_submission(root / "working" / "submission.csv", ids)
    report = read_json(root / "working" / "run_report.json", made_by="the notebook")
    _check_report(case, report, len(ids))
    problems = "\n".join(report["problems"])
    for wanted in filter(None, (re.escape(named), case.names)):
        _require_named(problems, wanted, "the report's problems", pattern=True)
    if not (named or case.names or case.defaults != "none") and problems:
        raise InputError(f"expected no problems in the report, found:\n{problems}")
    return answers, report


def _check_report(case: Case, report: Mapping[str, Any], rows: int) -> None:
    missing = [key for key in _REPORTED if key not in report]
    if missing:
        raise InputError(f"run_report.json: expected the keys {', '.join(_REPORTED)}; missing: {', '.join(missing)}.")
    mode = "rerun" if case.is_rerun else "commit"
    counted = sum(report["answered"].values())
    if (report["mode"], report["rows"], counted) != (mode, rows, rows):
        raise InputError(
            f"run_report.json: expected mode {mode!r} and {rows} rows, all of them answered by somebody, "
            f"found {report['mode']!r}, {report['rows']} rows, {counted} of them answered."
        )
    default = report["answered"].get("default", 0)
    expected = {"none": default == 0, "one": default == 1, "some": 0 < default < rows, "all": default == rows}
    if not expected[case.defaults]:
        reasons = report["default_reasons"] or report["problems"]
        raise InputError(f"expected {case.defaults} of {rows} rows to get the default, found {default}: {reasons}")


def _require_named(text: str, wanted: str, where: str, *, pattern: bool = False) -> None:
    if not re.search(wanted if pattern else re.escape(wanted), text):
        raise InputError(f"expected {where} to name {wanted!r}, found:\n{text or '(nothing)'}")
