"""A text in, its sentences and words out: what every rewrite rule is made of."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")


def split_sentences(text: str) -> list[str]:
    """Split `text` after `.`, `!` or `?` where a capital or a digit follows; inner white space becomes one blank."""
    return _SENTENCE_END.sub(lambda match: match.group().rstrip() + "\n", " ".join(text.split())).split("\n")


def full_sentences(text: str) -> list[str]:
    """Return the sentences of `text`; the last one gets a full stop if it lacks an end mark."""
    *others, last = split_sentences(text)
    return [*others, last if last.rstrip("\"')]")[-1:] in ".!?" else last.rstrip(",;:") + "."]


def exclaimed(sentences: Sequence[str]) -> list[str]:
    """End every statement in an exclamation mark."""
    return [re.sub(r"\.+([\"')\]]*)$", r"!\1", sentence) for sentence in sentences]


def replace_words(text: str, replacements: Mapping[str, str]) -> str:
    """Replace whole words or phrases (keys in lower case, longest first); a capitalised word stays capitalised."""
    if not replacements:
        return text

    def replacement(match: re.Match) -> str:
        new = replacements[match.group().lower()]
        return upper_first(new) if match.group()[0].isupper() else new

    return _any_of(tuple(replacements)).sub(replacement, text)


@cache
def _any_of(phrases: tuple[str, ...]) -> re.Pattern:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(r"\b(" + "|".join(map(re.escape, longest_first)) + r")\b", re.IGNORECASE)


def upper_first(text: str) -> str:
    """Return `text` with its first character in upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return `text` ready to follow a comma: first letter lowered, but for `I` and for what looks like a name."""
    first = text.split(" ", 1)[0].strip(",.;:!?'\"")
    return text[:1].lower() + text[1:] if first.split("'")[0].lower() in _SENTENCE_OPENERS else text


_SENTENCE_OPENERS = frozenset(
    "a about above after all also although an and any anyone as at because before both but by each either even every "
    "everyone few finally first for from he her here his how if in inside instead it its just last later many "
    "meanwhile more most my near next no nobody nothing now on once one only or our outside over people please she "
    "your since so some someone sometimes soon still that the their then there these they this those though today "
    "tomorrow tonight two under until we what when where which while who why with without yesterday yet you".split()
)
