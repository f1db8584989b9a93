"""What a bundle holds in, under which licences it stands out: names, and every licence's text that lies beside."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from prompt_recovery.submit.wheels.contents import Wheel, is_licence

_NOT_STATED = "not stated"
_CARD = re.compile(r"---\n(.*?)\n---", re.DOTALL)  # the settings of a model card
_LICENCE = re.compile(r"^license(?:_name)?:\s*(\S.*)$", re.MULTILINE)
_HEAD = "Licences of what this data set holds. An adapter stands under the terms of the model that it changes, too."


def licences_text(files: Mapping[str, Path], wheels: Iterable[Path], mounted: Mapping[str, str]) -> str:
    """Return the text of LICENCES.txt.

    `files`: what is bundled, by its path in the project; `mounted`: what is not, name to source.
    """
    parts = [_HEAD]
    for wheel in map(Wheel, wheels):
        parts.append(f"{wheel.path.name}: {wheel.licence or _NOT_STATED}")
        parts += [f"{name}\n\n{text.strip()}" for name, text in sorted(wheel.licence_texts().items())]
    for folder in _models(files):
        card = files.get(f"{folder}/README.md")
        parts.append(f"{folder}: {(card and _of_card(card)) or _NOT_STATED}")
    parts += [f"{path}\n\n{_read(file).strip()}" for path, file in files.items() if is_licence(file.name)]
    parts += [f"{name}: mounted from {source}, under the licence shown there" for name, source in mounted.items()]
    return f"\n\n{'=' * 80}\n\n".join(parts) + "\n"


def _models(files: Mapping[str, Path]) -> list[str]:
    """Return the folders with weights."""
    return sorted({str(Path(path).parent) for path in files if path.endswith(".safetensors")})


def _of_card(card: Path) -> str:
    settings = _CARD.match(_read(card))
    return ", ".join(_LICENCE.findall(settings[1])) if settings else ""


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
