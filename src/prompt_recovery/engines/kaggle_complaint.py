"""What Kaggle refuses, or fails to answer, in; an `InputError` that says what to do, or `Unanswered`, out."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from prompt_recovery.errors import InputError

TOKEN_PAGE = "https://www.kaggle.com/settings/api"
_AGAIN = "then run the same command again: it goes on from here"

# What is known of Kaggle's own words -> what to do. The first that is found counts.
_REMEDIES = (
    (
        r"session count",
        "At most two batch sessions with a GPU run at once: wait until one has ended, or cancel one at "
        f"https://www.kaggle.com/work/code, {_AGAIN}.",
    ),
    (
        r"quota",
        f"The week's hours are used up; https://www.kaggle.com/settings says when there are new ones, {_AGAIN}.",
    ),
    (r"\brules\b", f"Accept the rules at https://www.kaggle.com/competitions/{{competition}}/rules, {_AGAIN}."),
    (r"phone|identity|verif", f"Verify your phone number at https://www.kaggle.com/settings, {_AGAIN}."),
    (r"licen[cs]e|consent", f"Accept the licence on the model's own page at https://www.kaggle.com/models, {_AGAIN}."),
    (r"submission.*(limit|per day|today)", "Wait for the next day (UTC), " + _AGAIN + "."),
)
_UNKNOWN = f"Mend that at https://www.kaggle.com, {_AGAIN}."


class Unanswered(Exception):
    """No answer came, or one that the server was out of order: what was asked for may be done or not."""


class Absent(Exception):
    """What was asked about is not there, or another's and private: Kaggle does not say which."""


def refusal(doing: str, words: str, *, competition: str, status: int | None = None) -> InputError:
    """Return the error for what Kaggle refused in these words, while `doing`."""
    if status == 401:
        remedy = f"It does not take your credentials: make a new token at {TOKEN_PAGE}, {_AGAIN}."
    elif status == 429:
        remedy = f"Wait some minutes, {_AGAIN}."
    else:
        found = (remedy for pattern, remedy in _REMEDIES if re.search(pattern, words, re.IGNORECASE))
        remedy = next(found, _UNKNOWN)
    code = f" ({status})" if status else ""
    return InputError(f"{doing}: Kaggle refused{code}: {words}. {remedy.format(competition=competition)}")


@contextmanager
def translated(doing: str, *, competition: str, absent: tuple[int, ...] = ()) -> Iterator[None]:
    """Turn the errors of `requests` into InputError, `Unanswered` or, for a status among `absent`, `Absent`."""
    try:
        yield
    except requests.HTTPError as error:
        status, words = _said(error.response)
        if status in absent:
            raise Absent(doing) from None
        if status >= 500:
            raise Unanswered(f"{doing}: Kaggle answered {status}") from None
        raise refusal(doing, words, competition=competition, status=status) from None
    except (
        requests.RequestException,
        json.JSONDecodeError,
    ) as error:
        # the type alone: its text may hold a signed address
        raise Unanswered(f"{doing}: no answer from Kaggle that can be read ({type(error).__name__})") from None


def _said(answer: requests.Response) -> tuple[int, str]:
    """Return status and words of an error, which Kaggle may wrap into an answer of status 200."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = {}
    body = body if isinstance(body, dict) else {}
    words = str(body.get("message") or answer.reason or "without a reason")
    return body.get("code", answer.status_code), words.rstrip(". ")
