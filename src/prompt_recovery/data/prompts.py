"""The project's own wordings in, rewrite prompts by family and phrasing out."""

import tomllib
from dataclasses import dataclass
from importlib import resources

_WORDINGS = resources.files("prompt_recovery.data") / "wordings"
_FRAMES = {
    "manner": (
        "Rewrite this text {}.",
        "Rewrite the following text {}.",
        "Please rewrite the text {}.",
        "Rephrase this text {}.",
        "Can you rewrite this text {}?",
    ),
    "result": (
        "Turn this text into {}.",
        "Convert this text into {}.",
        "Transform the following text into {}.",
        "Please change the text into {}.",
    ),
    "full": ("{}",),
}


@dataclass(frozen=True)
class Prompt:
    """A rewrite prompt. `family`: what it asks for; `phrasing`: the words that ask, whatever frame is around them."""

    text: str
    family: str
    phrasing: str


def own_prompts() -> tuple[Prompt, ...]:
    """Read wordings/<kind>.toml and put every phrasing into every frame of its form."""
    return tuple(
        Prompt(frame.format(phrasing), family, phrasing)
        for file in sorted(_WORDINGS.iterdir(), key=lambda entry: entry.name)
        for family, forms in tomllib.loads(file.read_text(encoding="utf-8")).items()
        for form, phrasings in forms.items()
        for phrasing in phrasings
        for frame in _FRAMES[form]
    )
