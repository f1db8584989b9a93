"""A triple in, its rewritten text mended and the reason to drop it out: all the filters, in one ordered table."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from prompt_recovery import config
from prompt_recovery.data.cleaning.language import is_wrong_language
from prompt_recovery.data.cleaning.openings import without_opening
from prompt_recovery.data.cleaning.refusals import is_refusal
from prompt_recovery.data.cleaning.truncation import is_truncated

Filter = Callable[[str, str, str, config.Cleaning], bool]


@dataclass(frozen=True)
class Cleaned:
    """A rewritten text, the first reason to drop its row (None: kept), and what was mended in it."""

    rewritten_text: str
    reason: str | None
    changed_by: tuple[str, ...] = ()


def clean(original_text: str, rewrite_prompt: str, rewritten_text: str, settings: config.Cleaning) -> Cleaned:
    """Mend the rewritten text, then put it to the filters in turn. The reasons in `settings.keep` drop nothing."""
    text, changed_by = _mended(original_text, rewritten_text, settings)
    for reason, applies in FILTERS.items():
        if reason not in settings.keep and applies(original_text, rewrite_prompt, text, settings):
            return Cleaned(text, reason, changed_by)
    return Cleaned(text, None, changed_by)


# Zero width, soft hyphen and marks of direction. Joiners stay: emoji and Indic scripts need them.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\v\f\u0085\u2028\u2029]")


def _mended(original: str, rewritten: str, settings: config.Cleaning) -> tuple[str, tuple[str, ...]]:
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", rewritten))
    changed_by = ("invisible_character",) if text != rewritten else ()
    if settings.openings == "strip" and (stripped := without_opening(original, text)) != text:
        return stripped, (*changed_by, "opening")
    return text, changed_by


def _empty(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    return not (original.strip() and prompt.strip() and rewritten.strip())


def _control_character(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    """Null, control and unpaired surrogates at any rate; U+FFFD, what is left of a wrong decoding, if it is new."""
    return bool(_CONTROL.search(rewritten) or _CONTROL.search(original) or _CONTROL.search(prompt)) or (
        "\ufffd" in rewritten and "\ufffd" not in original
    )


def _opening(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    return settings.openings == "drop" and without_opening(original, rewritten) != rewritten


def _refusal(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    return is_refusal(original, rewritten)


# Prompts whose right answer may differ in nothing but capitals, or in nothing but white space.
_OF_CASE = re.compile(
    r"\b(?:upper|lower|title|sentence|camel|snake)[ -]?cased?\b|\b(?:caps|case|capital\w*|shout\w*|yell\w*|"
    r"whisper\w*|loud\w*|correct\w*|fix\w*|grammar|grammatical\w*|proof-?read\w*|errors?|mistakes?|typos?|spelling|punctuat\w*|edit\w*)\b",
    re.IGNORECASE,
)
_OF_LAYOUT = re.compile(
    r"\b(?:lines?|paragraphs?|spac\w+|indent\w*|format\w*|layout|break\w*|columns?|stanzas?|verses?|poems?|lists?|bullets?|"
    r"split\w*|join\w*|single|newlines?|wrap\w*)\b",
    re.IGNORECASE,
)


def _unchanged(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    if original.strip() == rewritten.strip():
        return True
    if not _OF_LAYOUT.search(prompt):
        original, rewritten = " ".join(original.split()), " ".join(rewritten.split())
    if not _OF_CASE.search(prompt):
        original, rewritten = original.casefold(), rewritten.casefold()
    return original.strip() == rewritten.strip()


def _too_long(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    return max(len(original.split()), len(rewritten.split())) > settings.max_words


def _long_prompt(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    return len(prompt.split()) > settings.max_prompt_words


def _length_ratio(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    """Too many words, or too few of both words and characters: snake_case is one word, Chinese has no blanks."""
    words, original_words = len(rewritten.split()), len(original.split())
    return words > settings.max_length_ratio * max(original_words, settings.ratio_from_words) or (
        words < settings.min_length_ratio * original_words
        and len(rewritten) < settings.min_length_ratio * len(original)
    )


# Prompts whose right answer may end anywhere.
_OF_ORDER = re.compile(
    r"\b(?:backwards?|word order|last (?:word|one) first|revers\w* [^.]*order|order [^.]*revers\w*|"
    r"(?:revers|mirror|scrambl|shuffl)\w* (?:[\w-]+ ){0,3}(?:words?|letters?|text))\b",
    re.IGNORECASE,
)


def _truncated(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    return not _OF_ORDER.search(prompt) and is_truncated(original, rewritten)


_QUOTED = re.compile(r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|(?<!\w)['\u2018][^'\u2019]*['\u2019](?!\w)")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
# said of the task; what is only asked for, a title or a topic, belongs into the rewrite
_OF_THE_TASK = (
    r"re ?writ\w*|re ?phras\w*|re ?word\w*|paraphras\w*|revis(?:e|ed|ing|ion)|proof ?read\w*|texts?|passages?|"
    r"paragraphs?|sentences?|excerpt|corpus|prompt|tones?|styles?|errors?|mistakes?|grammar|punctuation"
)
_LEAK_LEAD = 60  # characters before a shared run that may speak of the task: some ten words
_STEM = 4  # letters of the prompt's first word, the verb, that stay the same: correct, correcting


def _prompt_leak(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    """A run of words that prompt and rewrite share, that speaks of the task or comes just after words that do.

    Not one that the original has, nor one from a quotation in the prompt, which asks for it.
    """
    runs = {" ".join(run) for run in _runs(_QUOTED.sub(" | ", prompt), settings.leak_words)}
    if not runs:
        return False
    text, source = (f" {' '.join(_WORD.findall(side.casefold()))} " for side in (rewritten, original))
    shared = [run for run in runs if f" {run} " in text and f" {run} " not in source]
    return any(_speaks_of_the_task(run, text, prompt) for run in shared)


def _speaks_of_the_task(run: str, text: str, prompt: str) -> bool:
    verb = _WORD.findall(prompt.casefold())[0]
    of_the_task = re.compile(rf"\b(?:{_OF_THE_TASK}|{re.escape(verb[: max(_STEM, len(verb) - 2)])}\w*)\b")
    starts = (found.start() for found in re.finditer(re.escape(f" {run} "), text))
    return any(of_the_task.search(text, max(0, start - _LEAK_LEAD), start + len(run) + 1) for start in starts)


def _runs(text: str, length: int) -> list[tuple[str, ...]]:
    return [
        run
        for part in text.casefold().split("|")
        for run in zip(*(_WORD.findall(part)[start:] for start in range(length)), strict=False)
    ]


def _wrong_language(original: str, prompt: str, rewritten: str, settings: config.Cleaning) -> bool:
    return is_wrong_language(original, prompt, rewritten)


FILTERS: dict[str, Filter] = {
    "empty": _empty,
    "control_character": _control_character,
    "opening": _opening,
    "refusal": _refusal,
    "unchanged": _unchanged,
    "too_long": _too_long,
    "long_prompt": _long_prompt,
    "length_ratio": _length_ratio,
    "truncated": _truncated,
    "prompt_leak": _prompt_leak,
    "wrong_language": _wrong_language,
}
