"""A user's text in, a tidy text of at most so many words out, or the reason why it is no original."""

import re
from collections.abc import Iterator
from itertools import groupby, pairwise

MIN_WORDS = 3
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffd]")  # all that no editor types
_WORD = re.compile(r"\S+")
_WRAP_WIDTHS = range(60, 101)  # characters; a text whose longest line is shorter is verse or a list
_CLOSERS, _OPENERS = "\"'\u201d\u2019)]*_", "\"'\u201c\u2018([*_"
_NO_END = re.compile(  # titles, initials, the numbers of a list
    r"\b(?:mr|mrs|ms|dr|prof|st|sr|jr|vs|etc|no|vol|fig|gen|col|capt|rev|hon|(?:\w\.)*\w|\d\d)\.$", re.IGNORECASE
)


def original_or_reason(text: str | None, max_words: int) -> tuple[str, None] | tuple[None, str]:
    """Return the text tidied and cut, or why it is dropped."""
    if not text or not text.strip():
        return None, "empty"
    if has_control_character(text):
        return None, "control_character"
    text = cut_at_sentence_end(tidied(text), max_words)
    if not text:
        return None, "no_sentence_fits"
    if sum(any(map(str.isalnum, word)) for word in text.split()) < MIN_WORDS:
        return None, "too_short"
    return text, None


def has_control_character(text: str) -> bool:
    """Tell whether the text has a null, a control character, half of a surrogate pair or what a bad decoding left."""
    return bool(_NOT_TEXT.search(text))


def tidied(text: str) -> str:
    """One blank between words, one empty line between paragraphs; lines stay, but for those that a margin broke."""
    lines = [" ".join(line.split()) for line in text.replace("\ufeff", "").splitlines()]
    width = max(map(len, lines), default=0)
    return "\n\n".join(_unwrapped(list(block), width) for has_text, block in groupby(lines, key=bool) if has_text)


def cut_at_sentence_end(text: str, max_words: int) -> str:
    """Return `text`, or as many whole sentences from its start as have at most `max_words` words together."""
    words = list(_first_words(text, max_words + 1))
    if len(words) <= max_words:
        return text
    in_lower_case = text.islower()  # such a writer starts sentences in it
    for word, following in reversed(list(pairwise(words))):
        if _ends_sentence(word.group(), following.group(), in_lower_case):
            return text[: word.end()]
    return ""


def merged_paragraphs(text: str, max_words: int) -> list[str]:
    """Join neighbouring paragraphs while they have at most `max_words` words together; a longer one stays alone."""
    pieces: list[str] = []
    words = 0
    for paragraph in tidied(text).split("\n\n"):
        own = len(paragraph.split())
        if pieces and words + own <= max_words:
            pieces[-1] += "\n\n" + paragraph
            words += own
        else:
            pieces.append(paragraph)
            words = own
    return pieces


def letters(text: str) -> str:
    """Return what two copies of a text share whatever their case, punctuation and white space."""
    return "".join(filter(str.isalnum, text.casefold()))


def _unwrapped(lines: list[str], width: int) -> str:
    """Join the lines of a paragraph if each broke where its successor's first word no longer fitted into `width`."""
    full = all(len(line) + 1 + len(following.split()[0]) > width for line, following in pairwise(lines))
    return (" " if full and width in _WRAP_WIDTHS else "\n").join(lines)


def _first_words(text: str, count: int) -> Iterator[re.Match]:
    return (match for match, _ in zip(_WORD.finditer(text), range(count), strict=False))


def _ends_sentence(word: str, following: str, in_lower_case: bool) -> bool:
    bare = word.rstrip(_CLOSERS)
    if not bare.endswith((".", "!", "?", "…")) or (following.lstrip(_OPENERS)[:1].islower() and not in_lower_case):
        return False
    return not _NO_END.search(bare)
