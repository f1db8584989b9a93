"""Kinds, topics and characteristics in, original texts out that a chat model wrote, each to a specification."""

import hashlib
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from itertools import islice

from prompt_recovery import config
from prompt_recovery.data.cleaning.openings import without_opening
from prompt_recovery.data.cleaning.refusals import is_refusal
from prompt_recovery.data.rewriters.writing import Write
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.data.texts.text_tidying import letters, original_or_reason
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

_SPECIFICATION = resources.files("prompt_recovery.data.texts") / "specification.toml"
_MESSAGE = """Write a text to this specification.

Kind of text: {kind}
Topic: {topic}
Length: about {words} words
Characteristic: {characteristic}

Make up every name and detail that you need. Reply with the text alone: no introduction, no remark after it."""
_WORDS_STEP = 10  # between two lengths: a model counts no better
_FIRST_ROUND = 100  # texts: a writer that is no good is found out before it has written thousands
_JUDGED_FROM = 20  # texts asked for
_LEAST_USABLE_SHARE = 0.25
_LEAST_LENGTH = 0.3  # of the words asked for; a shorter reply is a remark or was given up
_HERE = re.compile(r"\W*(?:here\s*(?:['\u2019]s|is|are)|below is|this is)\b[^\n]*:[\s*_]*\n", re.IGNORECASE)
_WORD_COUNT = re.compile(r"\n\s*\W*(?:word count|words|length)\W*\s\W*\d+[^\n]{0,20}\s*\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Specification:
    """What one text is to be."""

    kind: str
    topic: str
    characteristic: str
    words: int

    @property
    def message(self) -> str:
        return _MESSAGE.format(**vars(self))

    @property
    def group(self) -> str:
        """Texts of one kind about one topic share phrases, the more so when a greedy model writes them."""
        digest = hashlib.sha256("\n".join((self.kind, self.topic)).encode()).hexdigest()
        return f"written-{digest[:16]}"


def distinct_specifications(
    source: config.OriginalSource, max_words: int, rng: random.Random
) -> Iterator[Specification]:
    """Yield every combination of the source's lists and lengths once, drawn evenly: a kind, then what goes with it."""
    topics = _topics_by_kind(source)
    kinds = list(topics)
    characteristics = _distinct(source.characteristics or _read()["characteristics"])
    lengths = range(source.min_words, (source.max_words or max_words) + 1, _WORDS_STEP)
    drawn = set()
    while len(drawn) < sum(map(len, topics.values())) * len(characteristics) * len(lengths):
        kind = rng.choice(kinds)
        one = Specification(kind, rng.choice(topics[kind]), rng.choice(characteristics), rng.choice(lengths))
        if one not in drawn:
            drawn.add(one)
            yield one


def written_originals(
    source: config.OriginalSource,
    wanted: int,
    *,
    where: str,
    max_words: int,
    rng: random.Random,
    write: Write,
    seen: set[str],
) -> tuple[list[Original], Counter[str]]:
    """Return the first `wanted` usable texts of the specifications drawn, and what was dropped, by reason.

    For what is dropped as many more are asked for, round by round. `seen`: the letters of the texts of all sources.
    Raises InputError, naming `where`, when too many are dropped, or no specification is left.
    """
    specifications = distinct_specifications(source, max_words, rng)
    taken: list[Original] = []
    dropped: Counter[str] = Counter()
    example = ""
    while len(taken) < wanted:
        asked = len(taken) + dropped.total()
        batch = list(islice(specifications, wanted - len(taken) if asked else min(wanted, _FIRST_ROUND)))
        if not batch or (asked >= _JUDGED_FROM and len(taken) < _LEAST_USABLE_SHARE * asked):
            raise InputError(
                f"{where}: {len(taken)} usable texts, {wanted} wanted by its weight; of {asked} that were written "
                f"these were dropped: {dict(dropped)}{example}. {_remedy(left=bool(batch))}"
            )
        for one, reply in zip(batch, write([one.message for one in batch]), strict=True):
            text, reason = text_or_reason(one, reply, max_words)
            if text and letters(text) in seen:
                reason = "duplicate"
            if reason:
                dropped[reason] += 1
                example = f", for example {reply.text[:80]!r}" if reply.text else example
                continue
            seen.add(letters(text))
            taken.append(Original(text, one.kind, one.group))
    return taken, dropped


def text_or_reason(asked: Specification, reply: Reply, max_words: int) -> tuple[str, None] | tuple[None, str]:
    """Return the written text, tidied, or why it is dropped."""
    if reply.failure:
        return None, f"failed: {reply.failure}"
    written = _WORD_COUNT.sub("", _without_announcement(asked, without_opening("", reply.text)))
    if is_refusal("", written):
        return None, "refusal"
    text, reason = original_or_reason(written, max_words)
    if text and len(written.split()) < _LEAST_LENGTH * asked.words:
        return None, "too_short"
    return text, reason


def _without_announcement(asked: Specification, text: str) -> str:
    """Take away a first line such as "Here is an e-mail to a colleague:", which names the kind or says "text"."""
    here = _HERE.match(text)
    names = {word for word in re.findall(r"[\w-]+", asked.kind.casefold()) if len(word) > 3} | {"text"}
    return text[here.end() :] if here and names & set(re.findall(r"[\w-]+", here.group().casefold())) else text


def _remedy(*, left: bool) -> str:
    if left:
        return "Choose another model in [writer], or raise its max_new_tokens if texts were cut off."
    return "No specification is left: add kinds, topics or characteristics, or lower the weight of this source."


def _topics_by_kind(source: config.OriginalSource) -> dict[str, list[str]]:
    """Return the topics of each kind: the source's own, else those that suit it, else all there are."""
    known = _read()

    def suiting(kind: str) -> list[str]:
        names = known["kinds"].get(kind, known["topics"])
        return [topic for name in names for topic in known["topics"][name]]

    return {kind: _distinct(source.topics or suiting(kind)) for kind in source.kinds or known["kinds"]}


def _distinct(values: list[str] | tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(values))


def _read() -> dict:
    return tomllib.loads(_SPECIFICATION.read_text(encoding="utf-8"))
