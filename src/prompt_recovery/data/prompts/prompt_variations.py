"""Rewrite prompts and a chat model in, other ways to ask for the same out: longer, shorter, formal, focused ..."""

import random
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from prompt_recovery import config
from prompt_recovery.data.cleaning.openings import without_opening
from prompt_recovery.data.cleaning.refusals import is_refusal
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rewriters.writing import Write
from prompt_recovery.data.texts.text_tidying import has_control_character, letters, tidied
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

_FILE = resources.files("prompt_recovery.data.prompts") / "variations.toml"
_MESSAGE = """Below is a request to rewrite a text. {instruction}

Reply with the new request alone, as one sentence or two on one line. Do not carry the request out, do not explain.

Request: {prompt}"""
_MIN_WORDS, _MAX_WORDS = 3, 60
_VARIATION_WEIGHT = 0.5  # of its source's: a prompt that is varied in six ways weighs four times, not seven
_FIRST_ROUND = 100  # requests: a writer that is no good is found out before it has written thousands
_MAX_DROPPED_SHARE = 0.5
_HEAD = 12  # words within which a request says what is to be done
_LABEL = re.compile(
    r"[\s*_#>`]*(?:(?:sure|certainly|of course)\W+)?(?:here\s*(?:['\u2019]s|is)\b[^\n:]{0,80}|"
    r"(?:(?:the|your|my|an?|new|revised|rewritten|reworded|modified|varied|formal|informal|"
    r"casual|longer|shorter|focused|narrower|polite|short|long)\s+)*"
    r"(?:request|prompt|version|instruction))[*_`]*:[*_`]*\s*",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "\u201c": "\u201d", "'": "'", "\u2018": "\u2019", "`": "`", "**": "**"}
_WORD = re.compile(r"[\w'\u2019-]+")


@dataclass(frozen=True)
class _Request:
    """What a chat model is asked to vary, and how."""

    source: Prompt
    variation: config.Variation

    @property
    def message(self) -> str:
        return _MESSAGE.format(instruction=_wordings()["instructions"][self.variation], prompt=self.source.text)


def varied_prompts(
    prompts: Sequence[Prompt], settings: config.Prompts, seed: int, write: Write
) -> tuple[list[Prompt], Counter[str]]:
    """Vary `settings.variations_of` prompts in all `settings.variations`; return the usable ones and what was dropped.

    A variation has the family of its source, whose main wish it keeps, an extra element or a narrower aim included.
    Its phrasing is its own text; no two, nor one and a prompt of `prompts`, are alike but for punctuation and case.
    Raises InputError when more than half are unusable.
    """
    requests = [
        _Request(source, variation)
        for source in _drawn(prompts, settings.variations_of, random.Random(f"variations {seed}"))
        for variation in settings.variations
        if not (variation == "shorter" and len(source.text.split()) <= _MIN_WORDS)
    ]
    seen = {letters(prompt.text) for prompt in prompts}
    taken: list[Prompt] = []
    dropped: Counter[str] = Counter()
    for part in (requests[:_FIRST_ROUND], requests[_FIRST_ROUND:]):
        replies = write([request.message for request in part]) if part else []
        for request, reply in zip(part, replies, strict=True):
            text, reason = variation_or_reason(request.source.text, request.variation, reply)
            if text and letters(text) in seen:
                reason = "duplicate"
            if reason:
                dropped[f"{request.variation}: {reason}"] += 1
            else:
                seen.add(letters(text))
                taken.append(Prompt(text, request.source.family, text, request.source.weight * _VARIATION_WEIGHT))
        _refuse_heavy_loss(taken, dropped, next((reply.text for reply in replies if reply.text), ""))
    return taken, dropped


def variation_or_reason(source: str, variation: config.Variation, reply: Reply) -> tuple[str, None] | tuple[None, str]:
    """Return the variation of the prompt `source` on one line, without label and quotation marks, or why it is none."""
    if reply.failure:
        return None, f"failed: {reply.failure}"
    text = _bare(reply.text)
    words, source_words = len(text.split()), len(source.split())
    reasons = {
        "empty": not letters(text),
        "control_character": has_control_character(reply.text),
        "unchanged": letters(text) == letters(source),
        "too_short": words < _MIN_WORDS,
        "too_long": words > _MAX_WORDS,
        "refusal": is_refusal("", text) and not is_refusal("", source),
        "no_request": not is_request(text),
        "not_longer": variation == "longer" and words <= source_words,
        "not_shorter": variation == "shorter" and words >= source_words,
    }
    reason = next((reason for reason, applies in reasons.items() if applies), None)
    return (None, reason) if reason else (text, None)


def is_request(text: str) -> bool:
    """Tell whether the text asks for a rewrite: it begins with such a verb, or has one early and names the text."""
    words = [word.removeprefix("re-") for word in _WORD.findall(text.casefold().replace("\u2019", "'"))]
    asks = [_is_verb(word) for word in words[:_HEAD]]
    return asks[:1] == [True] or (any(asks) and any(word in _wordings()["request"]["things"] for word in words))


def _drawn(prompts: Sequence[Prompt], count: int, rng: random.Random) -> list[Prompt]:
    """Draw distinct prompts by weight: those with the largest u ** (1 / weight) (Efraimidis and Spirakis, 2006)."""
    keys = [rng.random() ** (1 / prompt.weight) for prompt in prompts]
    largest = sorted(range(len(prompts)), key=lambda place: -keys[place])[:count]
    return [prompts[place] for place in sorted(largest)]


def _bare(reply: str) -> str:
    """Take the opening, a label, marks of quotation and all but the first paragraph away; join its lines."""
    text = without_opening("", reply).strip()
    text = text[label.end() :] if (label := _LABEL.match(text)) else text
    text = " ".join(tidied(text).split("\n\n")[0].split())
    for opening, closing in _QUOTES.items():
        inner = text[len(opening) : len(text) - len(closing)]
        if text.startswith(opening) and text.endswith(closing) and not (opening in inner or closing in inner):
            return inner.strip()
    return text


def _is_verb(word: str) -> bool:
    """Tell whether the word is a form of a verb of the list: "rewriting" of "rewrite", "cutting" of "cut"."""
    short, stems = _verbs()
    stem = word.removesuffix("ing").removesuffix("ed")
    return (
        word.startswith(stems)
        or word in short
        or (stem != word and not short.isdisjoint((stem, stem + "e", stem[:-1])))
    )


@cache
def _verbs() -> tuple[frozenset[str], tuple[str, ...]]:
    verbs = _wordings()["request"]["verbs"]
    return frozenset(v for v in verbs if len(v) <= 4), tuple(v.removesuffix("e") for v in verbs if len(v) > 4)


@cache
def _wordings() -> dict:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _refuse_heavy_loss(taken: Sequence[Prompt], dropped: Counter[str], example: str) -> None:
    asked = len(taken) + dropped.total()
    if dropped.total() > _MAX_DROPPED_SHARE * asked:
        raise InputError(
            f"prompts.variations: {dropped.total()} of {asked} variations are unusable ({dict(dropped)}); a reply: "
            f"{example[:80]!r}. Choose another model in [writer], or fewer variations."
        )
