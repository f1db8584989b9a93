"""Sentences and stock phrases in, the sentences out in a frame: leads, asides, qualifiers, an opening, an ending."""

import random
import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import TypeVar

from prompt_recovery.data.rules.rewording import reworded
from prompt_recovery.data.rules.sentences import lower_first

_Card = TypeVar("_Card")


def framed(
    sentences: Sequence[str], rng: random.Random, openings: str, endings: str,
    words: str = "", leads: str = "", asides: str = "", qualifiers: str = "", determiner: str = "the",
) -> str:
    """Replace and qualify words; add an opening, an ending, and leads and asides at every other sentence between.

    Phrases are written `one | another`, words `old=new; old=new`; `determiner` is a pattern of what to qualify after.
    """
    if qualifiers:
        sentences = _qualified(sentences, rng, qualifiers.split(" | "), determiner)
    if words:
        sentences = [reworded(sentence, words) for sentence in sentences]
    if leads:
        sentences = with_leads(sentences, rng, leads.split(" | "), start=1)
    if asides:
        sentences = [*with_asides(sentences[:-1], rng, asides.split(" | ")), sentences[-1]]
    return enclosed(sentences, rng, openings.split(" | "), endings.split(" | "))


def enclosed(sentences: Sequence[str], rng: random.Random, openings: Sequence[str], endings: Sequence[str]) -> str:
    """Join `sentences` between one of `openings`, which leads if it ends in a comma or colon, and one of `endings`."""
    opening, (first, *others) = rng.choice(openings), sentences
    start = led(opening, first) if opening[-1] in ",:" else f"{opening} {first}"
    return " ".join([start, *others, rng.choice(endings)])


def led(lead: str, sentence: str) -> str:
    """Put `lead` ahead of a sentence; its final comma becomes a colon before a word that keeps its capital."""
    lowered = lower_first(sentence)
    return f"{lead} {lowered}" if re.match(r"I\b|[^A-Z]", lowered) else f"{lead.rstrip(',:')}: {lowered}"


def with_leads(
    sentences: Sequence[str], rng: random.Random, leads: Sequence[str], start: int = 0, step: int = 2
) -> list[str]:
    """Let every `step`-th sentence from `start` on begin with one of `leads` (`Sources say:`)."""
    next_leads, chosen = deck(leads, rng), range(start, len(sentences), step)
    return [led(next(next_leads), sentence) if n in chosen else sentence for n, sentence in enumerate(sentences)]


def with_asides(
    sentences: Sequence[str], rng: random.Random, asides: Sequence[str], start: int = 0, step: int = 2
) -> list[str]:
    """Let one of `asides`, a sentence of its own, follow every `step`-th sentence from `start` on."""
    next_asides, chosen = deck(asides, rng), range(start, len(sentences), step)
    return [f"{sentence} {next(next_asides)}" if n in chosen else sentence for n, sentence in enumerate(sentences)]


def deck(cards: Sequence[_Card], rng: random.Random) -> Iterator[_Card]:
    """Shuffle `cards` at once and deal them over and over: none comes again before all have come."""
    return cycle(rng.sample(cards, len(cards)))


def _qualified(sentences: Sequence[str], rng: random.Random, qualifiers: Sequence[str], determiner: str) -> list[str]:
    """Put one of `qualifiers` after every other determiner that a plain word in small letters follows."""
    plain = re.compile(rf"\b((?i:{determiner})) (?!same|first|last|next|only|other|whole|one|own|\w+est\b)(?=[a-z])")
    gaps = cycle([gap for qualifier in rng.sample(qualifiers, len(qualifiers)) for gap in (f" {qualifier} ", " ")])
    return [plain.sub(lambda match: match[1] + next(gaps), sentence) for sentence in sentences]
