"""An original and a rewritten text in, whether the rewrite stops in the middle although the original does not out."""

import re

from prompt_recovery.data.texts.text_tidying import letters

_FINISHED = re.compile(
    r"""[.!?\u2026\u3002\uff01\uff1f।~)\]}>\u00bb*_`#|]["'\u201d\u2019\u00bb*_)\]}`]*$|["\u201d\u2019\u00bb]$"""
)
_SENTENCE_END = re.compile(r"[a-z0-9\"\u201d\u2019)][.!?][\"\u201d\u2019)]?\s+[\"\u201c\u2018(]?[A-Z]")
# no sentence, heading, item or signature ends in one of these ...
_NEVER_LAST = frozenset(
    "the a an and or but our your my its whose because although while than every between into".split()
)
# ... and few in these ("what you pay for"), none in a text that ends its sentences elsewhere
_SELDOM_LAST = frozenset(
    "to of with from for at by in as if is are was were be been has have had will would should could may might must "
    "can their his which that".split()
)
_HANGING = re.compile(r"[,;(\[\u201c{\u2014\u2013\-/]$")
_OPEN_BRACKET = re.compile(r"(?<![:;=-])[(\[][^)\]]*$")  # but for :( and its like
_BOLD = re.compile(r"(?<!\w)\*\*|\*\*(?!\w)")  # not f**k
_EMPTY_ITEM = re.compile(r"\n[ \t]*(?:[-*•+]|\d+[.)]|#+)[ \t]*$")
_ITEM = re.compile(r"[-\u2013\u2014*•+☐#>]|\[ \]|\d+[.)]")
_MIN_WORDS = 5  # of a line that may hang: "Best regards," is whole
_PROSE_WORDS = 12  # of a line of prose
_START_WORDS = 6  # of a last line that ought to end like the prose above it
_SAME_WORDS = 3  # last ones that rewrite and original share: it came to the end, as a list without full stops


def is_truncated(original_text: str, rewritten_text: str) -> bool:
    """Tell whether the rewrite hangs: an open fence, bracket or item, a last word or line that cannot be the last.

    It may stop where the original stops.
    """
    rewritten = rewritten_text.rstrip()
    if not rewritten or _hangs(original_text.rstrip()):
        return False
    return _is_unclosed(rewritten) or (_stops_short(rewritten) and not _came_to_the_end(original_text, rewritten))


def _hangs(text: str) -> bool:
    return bool(text) and (_is_unclosed(text) or _stops_short(text))


def _is_unclosed(text: str) -> bool:
    return text.count("```") % 2 == 1 or bool(re.match(r'\{\s*"|\[\s*[{"]', text) and text[-1] not in "}]")


def _stops_short(text: str) -> bool:
    line = text.rsplit("\n", 1)[-1]
    return (
        bool(_EMPTY_ITEM.search(text) or _OPEN_BRACKET.search(line))
        or (line.count("**") % 2 == 1 and len(_BOLD.findall(line)) % 2 == 1)
        or _ends_in_mid_sentence(text)
    )


def _came_to_the_end(original: str, rewritten: str) -> bool:
    if _HANGING.search(rewritten) and not original.endswith(rewritten[-1]):
        return False
    one, other = ([letters(word) for word in text.split() if letters(word)] for text in (original, rewritten))
    return one[-_SAME_WORDS:] == other[-_SAME_WORDS:]


def _ends_in_mid_sentence(text: str) -> bool:
    line = text.rsplit("\n", 1)[-1].strip()
    words = line.split()
    if len(words) < _MIN_WORDS or _FINISHED.search(line) or not line[-1].isascii():
        return False
    if _HANGING.search(line) or words[-1] in _NEVER_LAST:
        return True
    if words[-1] in _SELDOM_LAST and re.search(r"[a-z][.!?](?:\s|$)", text):
        return True
    return line[-1].isalnum() and _prose_without_end(text, line, words)


def _prose_without_end(text: str, line: str, words: list[str]) -> bool:
    """Tell whether the last line has a sentence and a part of one, or is the only line of prose without an end."""
    if _SENTENCE_END.search(line) and not re.search(r"#\w+$", line):
        return True
    others = [other.strip() for other in text.split("\n")[:-1] if len(other.split()) >= _PROSE_WORDS]
    in_list = _ITEM.match(line)
    least, needed = (_PROSE_WORDS, 2) if in_list else (_START_WORDS, 1)
    return len(words) >= least and len(others) >= needed and all(map(_FINISHED.search, others))
