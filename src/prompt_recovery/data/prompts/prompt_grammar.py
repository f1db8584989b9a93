"""The project's grammar of requests in, rewrite prompts that only a language model can carry out out."""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from prompt_recovery import config
from prompt_recovery.data.prompts.own_prompts import Prompt, own_prompts

_DATA = resources.files("prompt_recovery.data")
_FAMILIES = _DATA / "wordings" / "for_language_models"
_ADDITION_SHARE = 0.15  # of the prompts; in 100 real ones, read by eye, about as many ask for something besides


@dataclass(frozen=True)
class _Grammar:
    """What stands around a phrasing, the usual first. `frames`: by form; `things`: the text; `additions`: by kind."""

    frames: dict[str, list[str]]
    things: list[str]
    additions: dict[str, list[str]]


def project_prompts(settings: config.Prompts) -> tuple[Prompt, ...]:
    """Return the project's own prompts: none, those with a rule, or all."""
    if settings.kind == "none":
        return ()
    return own_prompts() + (language_model_prompts() if settings.kind == "all" else ())


def language_model_prompts() -> tuple[Prompt, ...]:
    """Read wordings/for_language_models/<kind>.toml and put every phrasing into every frame of its form.

    A prompt names the text, and adds a wish to 15 in 100, in words drawn once and for all from the phrasing and frame.
    Weights follow Zipf's law, as those of `own_prompts`; no family here is one of its families, nor has a rule.
    """
    grammar = _Grammar(**_read(_DATA / "prompts" / "prompt_frames.toml"))
    return tuple(
        Prompt(_sentence(grammar, frame, phrasing, kind), family, phrasing, 1 / (rank * frame_rank))
        for kind, families in _families().items()
        for family, forms in families.items()
        for rank, (form, phrasing) in enumerate(_phrasings(forms), start=1)
        for frame_rank, frame in enumerate(grammar.frames[form], start=1)
    )


def _families() -> dict[str, dict[str, dict[str, list[str]]]]:
    """Return form -> phrasings, by kind and family."""
    files = sorted(_FAMILIES.iterdir(), key=lambda entry: entry.name)
    return {file.name.removesuffix(".toml"): _read(file) for file in files}


def _read(file: Any) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _phrasings(forms: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(form, phrasing) for form, own in forms.items() for phrasing in own]


def _sentence(grammar: _Grammar, frame: str, phrasing: str, kind: str) -> str:
    rng = random.Random(f"{frame}\n{phrasing}")
    thing = _draw(grammar.things, rng)
    more = f", {_draw(grammar.additions[kind], rng)}" if rng.random() < _ADDITION_SHARE else ""
    text = frame.replace("{what}", phrasing).format(it=thing, more=more)
    return text[0].upper() + text[1:]


def _draw(usual_first: Sequence[str], rng: random.Random) -> str:
    """Draw one by Zipf's law, 1 / rank."""
    (drawn,) = rng.choices(usual_first, weights=[1 / rank for rank in range(1, len(usual_first) + 1)])
    return drawn
