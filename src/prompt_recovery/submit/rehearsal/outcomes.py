"""How the cases of a rehearsal ended in, a table of them and the time of the hidden run out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prompt_recovery.config.run import Submit
from prompt_recovery.submit.rehearsal.cases import Measured

_FOLDERS = re.compile(r"/?(?:[\w.-]+/){2,}")


@dataclass(frozen=True)
class Outcome:
    """A case that ended as it must: the rows by who answered them, and what the notebook's report says beside."""

    case: str
    rows: int
    answered: dict[str, int]
    seconds: float
    ended: str
    report: dict[str, Any] = field(repr=False)

    @property
    def measured(self) -> Measured:
        """Return what the limits of further cases are reckoned from."""
        workers = self.report["workers"]
        batch = sum(one["busy_seconds"] for one in workers) / max(1, sum(one["batches"] for one in workers))
        load = max((one["load_seconds"] or 0.0 for one in workers), default=0.0)
        answering = self.rows / self.report["rows_per_second"] if self.report["rows_per_second"] else 0.0
        gpus = sum(one["gpu"] is not None for one in workers)
        return Measured(max(load, self.report["seconds"] - answering), load, batch, max(1, gpus))


def without_folders(told: str) -> str:
    """Return what a notebook told on one line, its files without their folders: a table has no room for these."""
    return " ".join(_FOLDERS.sub("", told).split())


def as_row(outcome: Outcome) -> dict[str, Any]:
    """Return what is kept of an outcome, as JSON values."""
    kept = {key: outcome.report[key] for key in ("default_reasons", "problems", "rows_per_second", "peak_memory_bytes")}
    own = {"name": outcome.case, "ended": "as expected", "how": outcome.ended, "rows": outcome.rows}
    return own | {"answered": outcome.answered, "seconds": round(outcome.seconds, 1)} | kept


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table of plain text."""
    lines = [("case", "rows", "answered", "default", "s", "ended")]
    for outcome in outcomes:
        default = outcome.answered.get("default", 0)
        kinds = ", ".join(f"{count} {kind}" for kind, count in outcome.answered.items() if kind != "default" and count)
        lines.append(
            (outcome.case, str(outcome.rows), kinds or "0", str(default), f"{outcome.seconds:.0f}", outcome.ended)
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]) - 1)]
    cells = ((*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[-1]) for line in lines)
    return "\n".join("  ".join(line) for line in cells)


def projection(hidden: Outcome, submit: Submit) -> dict[str, float]:
    """Return how long the hidden run takes: its rows at the measured rate times `gpu_factor`, and the start."""
    rate = hidden.report["rows_per_second"] * submit.gpu_factor
    start = hidden.measured.start_seconds
    return {
        "rows": submit.hidden_rows,
        "measured_rows_per_second": hidden.report["rows_per_second"],
        "gpu_factor": submit.gpu_factor,
        "start_seconds": round(start, 1),
        "hours": round((submit.hidden_rows / rate + start) / 3600, 3) if rate else float("inf"),
        "limit_hours": submit.time_limit_hours,
    }


def projection_line(projected: dict[str, float]) -> str:
    """Return the projection as a sentence."""
    over = projected["hours"] > projected["limit_hours"]
    return (
        f"hidden run, projected: {projected['hours']:.2f} of {projected['limit_hours']:g} h, {projected['rows']} rows "
        f"({projected['measured_rows_per_second']:g} rows/s here, times gpu_factor {projected['gpu_factor']:g}, "
        f"and {projected['start_seconds']:.0f} s to start)"
        + (": TOO LONG, the rows that are left when the time is up get the default" if over else "")
    )
