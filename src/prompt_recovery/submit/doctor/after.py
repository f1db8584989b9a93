"""What Kaggle showed and a run's submission in, the likely causes out, those with evidence in the run first."""

from pathlib import Path

from prompt_recovery.errors import InputError
from prompt_recovery.submit.doctor.causes import CAUSES
from prompt_recovery.submit.doctor.finding import wrapped
from prompt_recovery.submit.doctor.submitted import read_submitted

_MARGIN = " " * 4


def diagnosis(error: str, folder: Path) -> str:
    """Return the causes of an error class, in words; `folder`: submissions/<run>.

    Raises InputError for a class that Kaggle does not have, and when nothing was packaged.
    """
    known = error_class(error)
    submitted = read_submitted(folder)
    shown = [(cause, cause.shown(submitted)) for cause in CAUSES[known]]
    ordered = sorted(shown, key=lambda one: not one[1])  # which keeps the weights' order within both
    found = sum(bool(trace) for _, trace in ordered)
    lines = [f"{known}, run {folder.name}, bundle {submitted.bundle_id}: {found} of {len(ordered)} causes left a trace"]
    for number, (cause, trace) in enumerate(ordered, start=1):
        lines += [wrapped(cause.what, first=f"{number:2}. ", rest=_MARGIN)]
        lines += [wrapped(f"shown: {trace}", first=_MARGIN, rest=_MARGIN)] if trace else []
        lines += [wrapped(f"-> {cause.remedy}", first=_MARGIN, rest=_MARGIN)]
    if submitted.unknown:
        lines += [wrapped(f"Not there, so not looked at: {', '.join(submitted.unknown)}.", first="", rest="")]
    return "\n".join(lines)


def error_class(words: str) -> str:
    """Return the class that is named in Kaggle's words, whatever case and spaces. Raises InputError listing them."""
    found = next((name for name in CAUSES if _squeezed(name) in _squeezed(words)), None)
    if found is None:
        raise InputError(
            f"ERROR={words!r}: is no class of errors that Kaggle shows; those are: {', '.join(CAUSES)}. Of a run that "
            "failed when it was pushed, take Notebook Threw Exception: its log is on the notebook's page."
        )
    return found


def _squeezed(words: str) -> str:
    return "".join(words.casefold().split())
