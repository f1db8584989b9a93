"""A bundle that is ready on Kaggle in, its notebook run there once, complete, with a valid output out."""

from pathlib import Path

import pandas as pd

from prompt_recovery.engines.kaggle_answers import RemoteKernel, cell_texts
from prompt_recovery.engines.kaggle_client import KaggleClient
from prompt_recovery.engines.kaggle_complaint import Unanswered
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, whole_or_absent
from prompt_recovery.submit.submission_file import check_submission
from prompt_recovery.submit.upload.patience import Patience
from prompt_recovery.submit.upload.rehearsed import Rehearsed
from prompt_recovery.submit.upload.upload_state import UploadState
from prompt_recovery.tables import SUBMISSION, read_table

_APPEARING_SECONDS = 60.0  # of a version whose receipt was never heard
_OUTPUT = r"^(submission\.csv|run_report\.json)$"
_FAILED = ("ERROR", "CANCEL_REQUESTED", "CANCEL_ACKNOWLEDGED")


def push_notebook(client: KaggleClient, rehearsed: Rehearsed, state: UploadState, patience: Patience) -> int:
    """Push the notebook, unless its newest version is just that and has not failed -> its version.

    Raises InputError when Kaggle refuses the push, or takes the notebook with other settings than asked for.
    """
    facts = state.facts("kernel")
    if "version" not in facts:
        remote = client.kernel(rehearsed.kernel)
        if not _is_ours(remote, rehearsed, facts.get("failed", [])):
            remote = _push(client, rehearsed, patience, remote.version if remote else 0)
        facts = {"version": remote.version, "url": f"https://www.kaggle.com/code/{rehearsed.kernel}"}
        state.record("kernel", **facts)
    print(f"kernel: version {facts['version']} is the notebook of {rehearsed.bundle_id}: {facts['url']}", flush=True)
    return facts["version"]


def _push(client: KaggleClient, rehearsed: Rehearsed, patience: Patience, before: int) -> RemoteKernel:
    """Push, and look at what Kaggle made of it; a push without an answer is looked for, not repeated."""
    ref = rehearsed.kernel
    try:
        pushed, _ = client.push_kernel(rehearsed.folder)
    except Unanswered as error:
        print(f"kernel: {error}; it is looked for", flush=True)
        pushed = before + 1

    def look() -> tuple[RemoteKernel | None, str]:
        remote = client.kernel(ref)
        return (remote if remote and remote.version >= pushed else None), f"version {pushed} is not there yet"

    remote = patience.within(_APPEARING_SECONDS).wait_for(look, f"kernel {ref}")
    if not _is_ours(remote, rehearsed, []):
        missing = ", ".join(sorted(_asked(rehearsed) - remote.sources)) or "none"
        raise InputError(
            f"kernel {ref}: version {remote.version} is not what was pushed (internet {remote.internet}, sources that "
            f"are missing: {missing}), see https://www.kaggle.com/code/{ref}. Look whether they are still there and "
            "yours to use, then run the same command again: it pushes anew."
        )
    return remote


def wait_complete(
    client: KaggleClient, rehearsed: Rehearsed, version: int, state: UploadState, patience: Patience
) -> None:
    """Wait until the pushed version has run. Raises InputError with Kaggle's own words when it failed."""
    if state.facts("kernel").get("complete"):
        return

    def look() -> tuple[bool | None, str]:
        status, why = client.kernel_status(rehearsed.kernel, version)
        if status in _FAILED:
            _give_up(state, version)
            raise InputError(
                f"kernel {rehearsed.kernel}: version {version} ended as {status}: {why or 'no reason was given'}. Its "
                f"log: https://www.kaggle.com/code/{rehearsed.kernel}. Run `make doctor RUN={rehearsed.run} "
                f'ERROR="{why or status}"`; what you run again is pushed as a new version.'
            )
        return (True if status == "COMPLETE" else None), status

    patience.wait_for(look, f"kernel {rehearsed.kernel}, version {version}")
    state.record("kernel", complete=True)
    print(f"kernel: version {version} has run to its end: {state.facts('kernel')['url']}", flush=True)


def fetch_valid_output(client: KaggleClient, rehearsed: Rehearsed, version: int, state: UploadState) -> None:
    """Fetch submission.csv and run_report.json into submissions/<run>/output/.

    Raises InputError unless the file is what the scorer accepts and the report is of a clean run of this bundle.
    """
    folder = rehearsed.folder / "output"
    if state.facts("output").get("version") == version:
        print(f"output: of version {version}, valid: {folder}", flush=True)
        return
    with whole_or_absent(folder) as partial:
        partial.mkdir(parents=True)
        client.fetch_output(rehearsed.kernel, version, _OUTPUT, partial)
    try:
        rows = _checked(folder, rehearsed.bundle_id)
    except InputError as error:
        _give_up(state, version)
        raise InputError(
            f"{error} It is the output of https://www.kaggle.com/code/{rehearsed.kernel}, version {version}; nothing "
            f"was submitted. Run `make doctor RUN={rehearsed.run}`."
        ) from None
    state.record("output", version=version, rows=len(rows))
    print(f"output: {len(rows)} rows, valid: {folder / 'submission.csv'}", flush=True)


def _checked(folder: Path, bundle_id: str) -> pd.DataFrame:
    """Return the rows. The ids are the notebook's affair, which has test.csv; here it is columns, nulls and number."""
    missing = [name for name in ("submission.csv", "run_report.json") if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder}: the notebook left no {' and no '.join(missing)}.")
    ids = list(read_table(folder / "submission.csv", SUBMISSION)["id"])
    rows = check_submission(folder / "submission.csv", ids)
    report = read_json(folder / "run_report.json", made_by="make upload RUN=...")
    expected = {"bundle_id": bundle_id, "mode": "commit", "rows": len(rows), "problems": []}
    wrong = [
        f"{key} is {report.get(key)!r}, expected {value!r}"
        for key, value in expected.items()
        if report.get(key) != value
    ]
    if wrong:
        raise InputError(f"{folder / 'run_report.json'}: {'; '.join(wrong)}.")
    return rows


def _give_up(state: UploadState, version: int) -> None:
    """Let the next run push a new version."""
    failed = state.facts("kernel").get("failed", [])
    state.begin_again("kernel", failed=[*failed, version])


def _is_ours(remote: RemoteKernel | None, rehearsed: Rehearsed, failed: list[int]) -> bool:
    return (
        remote is not None
        and remote.version not in failed
        and not remote.internet
        and remote.sources >= _asked(rehearsed)
        and remote.cells == cell_texts(rehearsed.notebook.read_text(encoding="utf-8"))
    )


def _asked(rehearsed: Rehearsed) -> set[str]:
    kinds = ("dataset", "competition", "kernel", "model")
    return {source.lower() for kind in kinds for source in rehearsed.kernel_metadata.get(f"{kind}_sources", [])}
