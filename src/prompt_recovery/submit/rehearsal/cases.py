"""What a first run measured in, the cases of a rehearsal out: plain data, what is done and how it must end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from prompt_recovery.config import RunConfig
from prompt_recovery.submit.rehearsal.layouts import Layout

Defaults = Literal["none", "one", "some", "all"]  # how many rows must get the default; `some`: neither none nor all
_BATCHES = 3  # of the table `few` at least
_FEW_ROWS = 8  # of such a batch at most: after most faults its rows are asked again one by one
_ALWAYS = "7"  # a row that every table of the hidden run has
_LATE_SECONDS = 20  # from when the first answers are due to the deadline


@dataclass(frozen=True)
class Case:
    """One run of the notebook. Its input, what is wrong there, and how it must end.

    `table`: a name in `Tables`; `defect`: a key of DEFECTS, done to a copy of the bundle; `fault`: what the injected
    module commits; `settings`: by section, what the copy's config has instead; `names`: a regular expression that the
    problems in the report, or in a commit run the error, must match.
    """

    name: str
    table: str
    is_rerun: bool = True
    layout: Layout = "nested"
    defect: str = ""
    fault: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    defaults: Defaults = "none"
    names: str = ""
    is_alone: bool = False  # on the machine, with all its threads
    hides_gpus: bool = False

    @property
    def must_stop(self) -> bool:
        """Say whether the notebook must end with an error: a commit run of a bundle with a defect."""
        return bool(self.defect) and not self.is_rerun


@dataclass(frozen=True)
class Measured:
    """Of a run without faults: seconds until the first batch is asked, of loading, and of a batch; GPUs, or 1."""

    start_seconds: float
    load_seconds: float
    batch_seconds: float
    processes: int = 1


SCORED = Case("commit run, as scored", "scored", is_rerun=False, is_alone=True)
HIDDEN = Case("hidden run", "hidden", is_alone=True)
VISIBLE = Case("commit run, flat mounts, Kaggle's one row", "visible", is_rerun=False, layout="flat")
UNACCELERATED = Case(
    "no accelerator, commit run", "visible", is_rerun=False, defect="a run for a GPU", defaults="all", hides_gpus=True
)
DEFECT_NAMES = {
    "missing wheel": "a wheel is missing",
    "corrupt weights": "corrupt weights",
    "wrong id": "another bundle's id",
    "two bundles": "two bundles mounted",
}


def first_cases() -> list[Case]:
    """Return the run whose answers are scored, and the hidden one: each alone on the machine, to be timed."""
    return [SCORED, HIDDEN]


def few_batch(run: RunConfig) -> int:
    """Return how many rows a batch of the table `few` has."""
    return min(_FEW_ROWS, run.generation.batch_size)


def few_rows(batch_size: int) -> int:
    """Return how many rows the table `few` has, at least a dozen; `batch_size`: what `few_batch` gave."""
    return _BATCHES * max(4, batch_size)


def other_cases(measured: Measured, batch_size: int) -> list[Case]:
    """Return all others, those that take longest first; their limits in seconds are reckoned from `measured`.

    `batch_size`: what `few_batch` gave.
    """
    return [
        *_faults(measured, batch_size),
        VISIBLE,
        UNACCELERATED,
        Case("odd texts, repeated ids", "odd", layout="flat", settings=_few(batch_size)),
        *_defects(),
    ]


def _faults(measured: Measured, batch_size: int) -> list[Case]:
    few = _few(batch_size)
    hangs = max(10.0, 3 * max(measured.load_seconds, measured.batch_seconds))  # others run beside
    # a dozen batches take longer than all the time, each a part of it: some end, and some do not, after any start up to
    # nearly twice as long as the measured one
    late, shorter = 2 * measured.start_seconds + _LATE_SECONDS, max(1, batch_size // 4)
    slow = {"kind": "slow", "seconds": 1.5 * late * measured.processes * shorter / few_rows(batch_size)}
    memory = {"kind": "out of memory", "rows": 4, "id": _ALWAYS}
    return [
        Case("a batch hangs", "few", fault={"kind": "hangs", "batch": 1}, names="a worker hung for",
             settings=_few(batch_size, batch_limit_seconds=hangs)),
        Case(f"deadline {_LATE_SECONDS} s after the start", "few", fault=slow, defaults="some",
             settings=_few(shorter, time_limit_hours=late / 3600), names="the time was up"),
        Case("a worker is killed", "few", fault={"kind": "killed", "batch": 1}, settings=few,
             names="a worker ended by SIGKILL"),
        Case("out of memory above 4 rows, and at one always", "few", fault=memory, settings=few, defaults="one",
             names="1 of .* rows got the default: out of memory"),
    ]  # fmt: skip


def _few(batch_size: int, **submit: float) -> dict[str, dict[str, float]]:
    """Return the settings of a case that has others beside it: on a CPU one process answers."""
    return {"generation": {"batch_size": batch_size}, "submit": {"cpu_workers": 1} | submit}


def _defects() -> list[Case]:
    """Return each defect of a bundle twice: it must stop a commit run, and cost a hidden one no more than answers."""
    return [
        Case(f"{name}, {'hidden' if is_rerun else 'commit'} run", "few", is_rerun, defect=defect, defaults="all")
        for defect, name in DEFECT_NAMES.items()
        for is_rerun in (True, False)
    ]


def chosen(cases: list[Case], names: list[str] | None) -> list[Case]:
    """Return the cases whose name has one of `names` in it; all where none are given."""
    return [case for case in cases if names is None or any(name in case.name for name in names)]
