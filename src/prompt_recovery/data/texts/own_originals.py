"""The project's own passages in, distinct original texts out: slots filled, a run of sentences taken."""

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from prompt_recovery import config
from prompt_recovery.errors import InputError

_PASSAGES = resources.files("prompt_recovery.data") / "passages"
_SLOT = re.compile(r"\{(\w+)\}")
_TRIES_PER_TEXT = 20  # before the wanted number of distinct texts is called out of reach


@dataclass(frozen=True)
class Original:
    """A text to rewrite; texts of one group share sentences and stay on one side of every split."""

    text: str
    source: str
    group: str


@dataclass(frozen=True)
class Passage:
    """Sentences with slots, of one kind (email, recipe ...)."""

    kind: str
    name: str
    sentences: tuple[str, ...]


def own_passages() -> tuple[Passage, ...]:
    """Read passages/<kind>.txt: a sentence a line, a blank line between passages."""
    passages = []
    for file in sorted(_PASSAGES.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".txt"):
            kind = file.name.removesuffix(".txt")
            blocks = file.read_text(encoding="utf-8").strip().split("\n\n")
            passages += [Passage(kind, f"{kind}-{i:02}", tuple(b.splitlines())) for i, b in enumerate(blocks)]
    return tuple(passages)


def own_originals(settings: config.Originals, seed: int) -> list[Original]:
    """Return `settings.count` distinct texts of at most `settings.max_words` words, the passages taken in turn.

    Raises InputError when the passages cannot give so many.
    """
    rng = random.Random(f"originals {seed}")
    fillings = tomllib.loads((_PASSAGES / "slots.toml").read_text(encoding="utf-8"))
    originals: dict[str, Original] = {}
    for passage in _in_turn(settings.count * _TRIES_PER_TEXT):
        text = _fill(_window(passage, settings.max_words, rng), fillings, rng)
        originals.setdefault(text, Original(text, passage.kind, passage.name))
        if len(originals) == settings.count:
            return list(originals.values())
    raise InputError(
        f"{settings.count} originals wanted of the project's own: the passages gave only {len(originals)} distinct "
        f"texts of at most {settings.max_words} words. Lower originals.count or raise originals.max_words."
    )


def _in_turn(times: int) -> Iterator[Passage]:
    passages = own_passages()
    return (passages[turn % len(passages)] for turn in range(times))


def _window(passage: Passage, max_words: int, rng: random.Random) -> str:
    """Take consecutive sentences from a random start, up to a random share of `max_words`."""
    sentences = passage.sentences
    start = rng.randrange(max(1, len(sentences) - 1))  # two sentences, where there are two
    wanted = rng.randint(max_words // 2, max_words)
    taken = [sentences[start]]
    for sentence in sentences[start + 1 :]:
        if len(" ".join([*taken, sentence]).split()) > wanted:
            break
        taken.append(sentence)
    return " ".join(taken)


def _fill(template: str, fillings: dict[str, list[str]], rng: random.Random) -> str:
    """Give each slot a value of its own; `name2` draws from the values of `name` and differs from it."""
    chosen: dict[str, str] = {}
    for slot in sorted(set(_SLOT.findall(template))):
        values = [value for value in fillings[slot.rstrip("2")] if value not in chosen.values()]
        chosen[slot] = rng.choice(values)
    return _SLOT.sub(lambda match: chosen[match.group(1)], template)
