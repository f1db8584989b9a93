"""The project's own prompts, the user's lists and a chat model's variations in, distinct rewrite prompts out."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.prompts.prompt_grammar import project_prompts
from prompt_recovery.data.prompts.prompt_variations import varied_prompts
from prompt_recovery.data.rewriters.writing import Write
from prompt_recovery.data.texts.text_tidying import has_control_character, letters
from prompt_recovery.errors import InputError, no_such_file
from prompt_recovery.text_columns import not_utf8, read_text_columns


def collect_prompts(
    settings: config.Prompts, seed: int, write: Write | None = None
) -> tuple[list[Prompt], dict[str, int]]:
    """Return the prompts, no two alike but for punctuation and case, and what was dropped, by origin and reason.

    First the project's own, then those of the files in turn, which have no family yet (""), then the variations, each
    of its source's family. `write` is needed for these alone.
    Raises InputError when a file cannot be read or has no usable prompt, or when too many variations are unusable.
    """
    prompts = list(project_prompts(settings))
    seen = {letters(prompt.text) for prompt in prompts}
    dropped: Counter[str] = Counter()
    for file in settings.files:
        listed, reasons = _listed_prompts(file, settings.max_words, seen)
        prompts += listed
        dropped.update({f"listed: {reason}": count for reason, count in reasons.items()})
    if settings.variations:
        varied, reasons = varied_prompts(prompts, settings, seed, write)
        prompts += varied
        dropped += reasons
    return prompts, dict(dropped)


def _listed_prompts(file: config.PromptFile, max_words: int, seen: set[str]) -> tuple[list[Prompt], Counter[str]]:
    """Return the file's usable prompts that are not `seen` yet, which they are then, and what was dropped."""
    taken, dropped = [], Counter()
    for found in read_prompt_list(file):
        text, reason = prompt_or_reason(found, max_words)
        if text and letters(text) in seen:
            reason = "duplicate"
        if reason:
            dropped[reason] += 1
            continue
        seen.add(letters(text))
        taken.append(Prompt(text, family="", phrasing=""))
    if not taken and not dropped["duplicate"]:
        raise InputError(f"{file.path}: has no usable prompt; dropped: {dict(dropped)}. Add some, or leave it out.")
    return taken, dropped


def prompt_or_reason(text: str | None, max_words: int) -> tuple[str, None] | tuple[None, str]:
    """Return the prompt on one line, one blank between words, or why it is dropped."""
    if not text or not letters(text):
        return None, "empty"
    if has_control_character(text):
        return None, "control_character"
    words = text.replace("\ufeff", "").split()
    return (None, "too_long") if len(words) > max_words else (" ".join(words), None)


def read_prompt_list(file: config.PromptFile) -> Iterable[str | None]:
    """Read the texts of a list, null where there is none.

    Raises InputError naming the file: not there, another kind of file, broken, not UTF-8, no such column, no list.
    """
    path = Path(file.path)
    readers = {".json": _read_json, ".txt": _read_lines}
    if path.suffix.lower() not in readers:
        return read_text_columns(path, [file.column])[file.column]
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error.start) from None
    except FileNotFoundError:
        raise no_such_file(path) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    return readers[path.suffix.lower()](path, content)


def _read_lines(path: Path, content: str) -> list[str]:
    return content.splitlines()


def _read_json(path: Path, content: str) -> list[str | None]:
    try:
        values = json.loads(content)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: is not JSON ({error}). Expected a list of texts.") from None
    if not isinstance(values, list):
        raise InputError(f"{path}: expected a list of texts, found {type(values).__name__}.")
    for place, value in enumerate(values):
        if not isinstance(value, str | None):
            raise InputError(f"{path}, entry {place}, from 0: expected text, found {json.dumps(value)[:40]}.")
    return values
