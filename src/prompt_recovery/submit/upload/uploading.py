"""A rehearsed bundle and a signed-in user in; dataset, notebook run, output and one submission out, each done once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prompt_recovery.engines.kaggle_client import KaggleClient
from prompt_recovery.engines.kaggle_complaint import Unanswered
from prompt_recovery.engines.kaggle_sign_in import sign_in
from prompt_recovery.errors import InputError
from prompt_recovery.submit.upload.dataset_step import send_dataset
from prompt_recovery.submit.upload.kernel_step import fetch_valid_output, push_notebook, wait_complete
from prompt_recovery.submit.upload.patience import Patience
from prompt_recovery.submit.upload.rehearsed import Rehearsed, submission_message
from prompt_recovery.submit.upload.submission_step import board_score, require_no_error, submit_once, wait_scored
from prompt_recovery.submit.upload.submissions_log import LogRow, add_row, fill_board_scores
from prompt_recovery.submit.upload.upload_state import UploadState


@dataclass(frozen=True)
class Wanted:
    """How far to go after the notebook has run: submit it, and wait for the score."""

    submit: bool = False
    score: bool = False


def upload(rehearsed: Rehearsed, wanted: Wanted, patience: Patience, *, log: Path, local_score: str) -> None:
    """Go through the steps from where an earlier run stopped; each prints what it did and where that is to be seen.

    Raises InputError saying what to do; whenever it stops, the same command goes on.
    """
    state = UploadState(rehearsed.folder / "upload.json", rehearsed.bundle_id)
    try:
        client = sign_in(rehearsed.competition, pause_seconds=min(2.0, patience.first_seconds))
        _require_same_user(client, rehearsed)
        client.require_entered()
        if "version" not in state.facts("kernel"):
            send_dataset(client, rehearsed, state, patience)
        version = push_notebook(client, rehearsed, state, patience)
        wait_complete(client, rehearsed, version, state, patience)
        fetch_valid_output(client, rehearsed, version, state)
        found = None
        if wanted.submit:
            found = submit_once(client, rehearsed, version, patience)
            add_row(log, _row(rehearsed, local_score))
        if wanted.score:
            found = wait_scored(client, rehearsed, patience)
        _fill_scores(client, rehearsed.run, log)
        require_no_error(found, rehearsed)
    except Unanswered as error:
        raise InputError(f"{error}. Run the same command again later: it goes on from here.") from None


def _require_same_user(client: KaggleClient, rehearsed: Rehearsed) -> None:
    if client.user.casefold() != rehearsed.owner.casefold():
        raise InputError(
            f"submit.owner = {rehearsed.owner!r}: the credentials are those of {client.user!r}. Sign in as the owner, "
            f"or set submit.owner in configs/run/{rehearsed.run}.toml and run `make submit RUN={rehearsed.run}`."
        )
    print(f"signed in as {client.user}", flush=True)


def _row(rehearsed: Rehearsed, local_score: str) -> LogRow:
    today = datetime.now(UTC).date().isoformat()
    commit, plus, dirty = rehearsed.commit.partition("+")
    return LogRow(today, rehearsed.run, commit[:12] + plus + dirty, rehearsed.bundle_id, local_score)


def _fill_scores(client: KaggleClient, run: str, log: Path) -> None:
    def score_of(bundle_id: str) -> str:
        score = board_score(client.submission(submission_message(run, bundle_id)))
        print(f"board: bundle {bundle_id}: {score or 'no score yet'}", flush=True)
        return score

    fill_board_scores(log, run, score_of)
