"""A bundle, its notebook and tables of pairs in, the outcome of every case of a rehearsal out."""

import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from prompt_recovery.cores import count_cores
from prompt_recovery.errors import InputError
from prompt_recovery.submit.rehearsal.cases import Case
from prompt_recovery.submit.rehearsal.defects import DEFECTS, with_settings
from prompt_recovery.submit.rehearsal.ending import check_ending
from prompt_recovery.submit.rehearsal.execution import Executed, execute
from prompt_recovery.submit.rehearsal.isolation import Isolation
from prompt_recovery.submit.rehearsal.layouts import Mounted, make_tree, remove_tree, snapshot
from prompt_recovery.submit.rehearsal.outcomes import Outcome, without_folders

# of one case whose answers are compared: raises InputError, or says what it found
CheckAnswers = Callable[[pd.DataFrame], str]


@dataclass(frozen=True)
class Rehearsal:
    """What all cases share. `tables`: the pairs by name; `folder`: where each case has its fake /kaggle."""

    folder: Path
    notebook: Path
    mounted: Mounted
    tables: Mapping[str, pd.DataFrame]
    isolation: Isolation
    python: str = sys.executable
    limit_seconds: float = 9 * 3600
    side_by_side: int = 1
    checks: Mapping[str, CheckAnswers] = field(default_factory=dict)  # by table

    def root(self, case: Case) -> Path:
        """Return the fake /kaggle of a case."""
        return (self.folder / re.sub(r"\W+", "-", case.name).strip("-")).resolve()


def rehearse_case(case: Case, rehearsal: Rehearsal) -> Outcome:
    """Run the notebook once. Raises InputError, with the case and the executed notebook, unless it ends as it must."""
    root, pairs = rehearsal.root(case), rehearsal.tables[case.table]
    sample = ["9559194"] if case.table == "visible" else list(pairs["id"])  # Kaggle's own has another id than test.csv
    is_read_only = bool(rehearsal.isolation.namespace)
    bundle = make_tree(root, rehearsal.mounted, pairs, sample, case.layout, is_read_only=is_read_only)
    named = DEFECTS[case.defect](bundle) if case.defect else ""
    if case.settings:
        with_settings(bundle, case.settings)
    before, executed = snapshot(root / "input"), _executed(case, rehearsal, root)
    try:
        if snapshot(root / "input") != before:
            raise InputError("expected the input as it was, found that the notebook changed it: on Kaggle it cannot.")
        answers, report = check_ending(case, executed, root, list(pairs["id"]), named)
        check = rehearsal.checks.get(case.table)
        compared = check(answers) if check else ""
    except InputError as error:
        raise InputError(f"{case.name}: {error} Executed notebook: {executed.notebook}") from None
    for folder in ("input", "tmp", "batches"):
        remove_tree(root / folder)
    problems = without_folders("; ".join(report["problems"]))
    ended = f"error that names {named}" if case.must_stop else compared or problems[:100] or "well"
    return Outcome(case.name, len(pairs), report["answered"], executed.seconds, ended, report)


def rehearse_cases(cases: Sequence[Case], rehearsal: Rehearsal) -> list[Outcome]:
    """Run the cases, those that are alone one after the other, the others side by side, in their order.

    Each that ends is printed. Raises one InputError with all those that did not end as they must.
    """
    outcomes: dict[str, Outcome] = {}
    failures: list[str] = []
    shown = threading.Lock()

    def run(case: Case) -> None:
        try:
            outcome = rehearse_case(case, rehearsal)
        except InputError as error:
            failures.append(str(error))
            line = f"rehearsal: {case.name}: FAILED"
        else:
            outcomes[case.name] = outcome
            line = f"rehearsal: {case.name}: {outcome.rows} rows, {outcome.seconds:.0f} s: {outcome.ended}"
        with shown:
            print(line, flush=True)

    for case in (case for case in cases if case.is_alone):
        run(case)
        if failures:  # what does not run undisturbed need not be disturbed
            raise InputError("\n".join(failures))
    with ThreadPoolExecutor(rehearsal.side_by_side) as pool:
        for done in as_completed([pool.submit(run, case) for case in cases if not case.is_alone]):
            done.result()
    if failures:
        raise InputError("\n".join(failures))
    return [outcomes[case.name] for case in cases]


def _executed(case: Case, rehearsal: Rehearsal, root: Path) -> Executed:
    state = root / "batches"
    for folder in (state, root / "tmp"):
        folder.mkdir()
    variables = rehearsal.isolation.environment(case.fault, state)
    variables |= {"KAGGLE_IS_COMPETITION_RERUN": "1"} if case.is_rerun else {}
    variables |= {"CUDA_VISIBLE_DEVICES": ""} if case.hides_gpus else {}
    if not case.is_alone and rehearsal.side_by_side > 1:
        variables["OMP_NUM_THREADS"] = str(max(1, count_cores() // rehearsal.side_by_side))
    return execute(
        rehearsal.notebook,
        root,
        rehearsal.isolation,
        python=rehearsal.python,
        variables=variables,
        limit_seconds=rehearsal.limit_seconds,
    )
