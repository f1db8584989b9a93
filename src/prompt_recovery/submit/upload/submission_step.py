"""A valid output on Kaggle in, one submission of it out, its row in LOG.md, and its score when Kaggle has one."""

from prompt_recovery.engines.kaggle_answers import Submission
from prompt_recovery.engines.kaggle_client import KaggleClient
from prompt_recovery.engines.kaggle_complaint import Unanswered
from prompt_recovery.errors import InputError
from prompt_recovery.submit.upload.patience import OutOfPatience, Patience
from prompt_recovery.submit.upload.rehearsed import Rehearsed

_APPEARING_SECONDS = 60.0  # of a submission whose receipt was never heard


def submit_once(client: KaggleClient, rehearsed: Rehearsed, version: int, patience: Patience) -> Submission:
    """Submit the version, unless a submission of this bundle is there already -> that submission.

    Raises InputError when none is left today, when Kaggle refuses it, or when it is not known whether it arrived.
    """
    found = client.submission(rehearsed.message)
    if found:
        print(f"submission: {rehearsed.message!r} is there already: {_url(client)}", flush=True)
        return found
    left = client.submissions_left()
    if left == 0:
        raise InputError(
            f"{client.competition}: no submission is left today. Wait for the next day (UTC), then run the same "
            "command again: only the submission is still to do."
        )
    try:
        client.submit(rehearsed.kernel, version, rehearsed.message)
    except Unanswered as error:
        print(f"submission: {error}; it is looked for", flush=True)

    def look() -> tuple[Submission | None, str]:
        return client.submission(rehearsed.message), "not among the submissions yet"

    try:
        found = patience.within(_APPEARING_SECONDS).wait_for(look, f"submission {rehearsed.message!r}")
    except OutOfPatience:
        raise InputError(
            f"submission {rehearsed.message!r}: is not among {_url(client)}. It may have been lost, or be late: run "
            "the same command again in some minutes; it looks there first, and submits only what is not there."
        ) from None
    print(f"submission: sent as {rehearsed.message!r}: {_url(client)}", flush=True)
    return found


def wait_scored(client: KaggleClient, rehearsed: Rehearsed, patience: Patience) -> Submission:
    """Wait until the submission of this bundle is scored, or failed -> what it came to."""

    def look() -> tuple[Submission | None, str]:
        found = client.submission(rehearsed.message)
        done = found and (found.public_score or found.status == "ERROR")
        return (found if done else None), found.status if found else "not there"

    return patience.wait_for(look, f"submission {rehearsed.message!r}")


def board_score(found: Submission | None) -> str:
    """Return the public score, or the error in its place, "" while there is neither."""
    if not found or found.status == "PENDING":
        return ""
    return f"error: {found.error}" if found.status == "ERROR" else found.public_score


def require_no_error(found: Submission | None, rehearsed: Rehearsed) -> None:
    """Raise InputError when Kaggle could not score the submission."""
    if found and found.status == "ERROR":
        why = found.error or "no reason was given"
        raise InputError(
            f"submission {rehearsed.message!r}: Kaggle could not score it: {why}. Run "
            f'`make doctor RUN={rehearsed.run} ERROR="{why}"`. The same bundle is not submitted a second time.'
        )


def _url(client: KaggleClient) -> str:
    return f"https://www.kaggle.com/competitions/{client.competition}/submissions"
