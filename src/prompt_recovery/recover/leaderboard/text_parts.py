"""Parts of a text, in reading order and each with its worth, in; the whole text, held to the embedder's cap, out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.tables import READS_AS_NULL


@dataclass(frozen=True)
class Part:
    """Some words of a text. Of a text over the cap the part of highest `shed` goes first, the last of equal ones.

    A `whole` part goes at once, another one word by word from its end.
    """

    text: str
    shed: int
    whole: bool = False


Parts = tuple[Part, ...]


def held(texts: Sequence[Parts], limit: PieceLimit) -> list[str]:
    """Return the text of each row's parts, at most `max_pieces` long, and never shorter than a word of it.

    A single word over the cap is cut within.
    """
    shortened = [_short_enough_to_count(parts, limit.max_pieces) for parts in texts]
    over = list(range(len(shortened)))
    while over:
        counts = limit.count_pieces([spelt(shortened[row]) for row in over])
        over = [row for row, count in zip(over, counts, strict=True) if count > limit.max_pieces]
        over = [row for row in over if _words(shortened[row]) > 1]
        for row in over:
            shortened[row] = _less(shortened[row])
    return [limit.cut(spelt(parts)) for parts in shortened]


def spelt(parts: Parts) -> str:
    """Return the parts' words, one space between them."""
    return " ".join(word for part in parts for word in part.text.split())


def is_spoken(text: object) -> bool:
    """Say whether the text is one, with something in it, and none that a CSV reader takes for null."""
    return isinstance(text, str) and text.strip() not in READS_AS_NULL


def new_words(text: str, known: str) -> list[str]:
    """Return the words of `text` that `known` lacks, each once, whatever their case and punctuation."""
    seen, found = {_core(word) for word in known.split()} | {""}, []
    for word in text.split():
        if _core(word) not in seen:
            seen.add(_core(word))
            found.append(word)
    return found


def _core(word: str) -> str:
    return "".join(re.findall(r"\w+", word.casefold()))


def _words(parts: Parts) -> int:
    return sum(len(part.text.split()) for part in parts)


def _short_enough_to_count(parts: Parts, max_words: int) -> Parts:
    """Return the parts, each cut to the words that could fit: a word has a piece at least, and texts may be huge."""
    return tuple(Part(" ".join(part.text.split()[:max_words]), part.shed, part.whole) for part in parts)


def _less(parts: Parts) -> Parts:
    """Return the parts without the words that are worth least; never without the last word of all."""
    worth = [(part.shed, place) for place, part in enumerate(parts) if part.text]
    _, place = max(worth)
    part = parts[place]
    left = "" if part.whole and len(worth) > 1 else " ".join(part.text.split()[:-1])
    return (*parts[:place], Part(left, part.shed, part.whole), *parts[place + 1 :])
