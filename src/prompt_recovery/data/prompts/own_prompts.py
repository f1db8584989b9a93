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
    """A rewrite prompt. `family`: what it asks for; `phrasing`: the words that ask, whatever frame is around them.

    `weight`: how often it is drawn, among the prompts of its family.
    """

    text: str
    family: str
    phrasing: str
    weight: float = 1.0


def own_prompts() -> tuple[Prompt, ...]:
    """Read wordings/<kind>.toml and put every phrasing into every frame of its form.

    Phrasings and frames stand with the usual ones first, and are drawn by Zipf's law, 1 / rank: of all the ways to ask
    for a thing people use a few most of the time.
    """
    prompts = []
    kinds = [entry for entry in _WORDINGS.iterdir() if entry.is_file()]
    for file in sorted(kinds, key=lambda entry: entry.name):
        for family, forms in tomllib.loads(file.read_text(encoding="utf-8")).items():
            phrasings = [(form, phrasing) for form, own in forms.items() for phrasing in own]
            prompts += [
                Prompt(frame.format(phrasing), family, phrasing, 1 / (rank * frame_rank))
                for rank, (form, phrasing) in enumerate(phrasings, start=1)
                for frame_rank, frame in enumerate(_FRAMES[form], start=1)
            ]
    return tuple(prompts)
