"""The sources of originals in (own, folders, tables, hub data sets, a chat model), so many tidy texts of each out."""

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from prompt_recovery import config
from prompt_recovery.data.rewriters.writing import Write
from prompt_recovery.data.texts.own_originals import Original, own_originals
from prompt_recovery.data.texts.text_tidying import letters, merged_paragraphs, original_or_reason
from prompt_recovery.data.texts.written_originals import written_originals
from prompt_recovery.errors import InputError
from prompt_recovery.text_columns import as_text, not_utf8, read_text_columns, require_columns

_SUFFIXES = (".txt", ".md")
NOT_NEEDED = "not_needed"  # the reason of the texts that nobody looked at, as enough others were found


@dataclass(frozen=True)
class _Texts:
    """All texts of a source, null where there is none; `groups` and `sources` are of the same length, or None."""

    texts: pd.Series
    groups: pd.Series | None = None
    sources: pd.Series | None = None


def collect_originals(
    settings: config.Originals, seed: int, write: Write | None = None
) -> tuple[list[Original], dict[str, int]]:
    """Return `settings.count` distinct originals, drawn from the sources by weight, and what was dropped, by reason.

    `write` asks the chat model that writes the texts of a source of kind `written`; without one it is not needed.
    Raises InputError when a source cannot be read or has too few usable texts.
    """
    wanted = shares(settings.count, [source.weight for source in settings.sources])
    drawn: dict[int, list[Original]] = {}
    seen, dropped = set(), Counter()
    # The own ones first: exactly as many are made as are wanted, so of two copies the other source drops its one.
    for position in sorted(range(len(wanted)), key=lambda position: settings.sources[position].kind != "own"):
        source = settings.sources[position]
        if source.kind == "own":
            drawn[position] = _own(settings, wanted[position], seed)
            seen |= {letters(original.text) for original in drawn[position]}
        elif source.kind == "written":
            drawn[position], lost = _written(settings, position, wanted[position], seed, write, seen)
            dropped += lost
        elif wanted[position]:
            drawing = _Drawing(source, position, settings.max_words, seen)
            drawn[position] = drawing.draw(wanted[position], random.Random(f"{source.label} {seed}"))
            dropped += drawing.dropped
    originals = [original for position in sorted(drawn) for original in drawn[position]]
    return originals, dict(dropped)


def shares(count: int, weights: Sequence[float]) -> list[int]:
    """Divide `count` by the weights: what is lost by rounding down goes to the largest remainders."""
    exact = [count * weight / sum(weights) for weight in weights]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda position: whole[position] - exact[position])
    for position in by_remainder[: count - sum(whole)]:
        whole[position] += 1
    return whole


def _own(settings: config.Originals, count: int, seed: int) -> list[Original]:
    return own_originals(settings.model_copy(update={"count": count}), seed) if count else []


def _written(
    settings: config.Originals, position: int, wanted: int, seed: int, write: Write, seen: set[str]
) -> tuple[list[Original], Counter[str]]:
    source = settings.sources[position]
    return written_originals(
        source,
        wanted,
        where=f"originals.sources.{position} (written)",
        max_words=settings.max_words,
        rng=random.Random(f"{source.label} {position} {seed}"),
        write=write,
        seen=seen,
    )


class _Drawing:
    """One source, read once; `seen` is shared by all sources and holds the letters of every text that was taken."""

    def __init__(self, source: config.OriginalSource, position: int, max_words: int, seen: set[str]):
        self.source, self.position, self.max_words, self.seen = source, position, max_words, seen
        self.dropped: Counter[str] = Counter()

    def draw(self, wanted: int, rng: random.Random) -> list[Original]:
        """Take usable texts in random order until there are `wanted`."""
        found = _read(self.source, self.max_words)
        taken: list[Original] = []
        for looked_at, row in enumerate(rng.sample(range(len(found.texts)), len(found.texts))):
            if len(taken) == wanted:
                self.dropped[NOT_NEEDED] = len(found.texts) - looked_at
                break
            text = self._usable(_value(found.texts, row))
            if text:
                label = _value(found.sources, row) or self.source.label
                taken.append(Original(text, label, self._group(_value(found.groups, row), row)))
        if len(taken) < wanted:
            raise InputError(self._too_few(len(taken), wanted, len(found.texts)))
        return taken

    def _usable(self, text: str | None) -> str | None:
        text, reason = original_or_reason(text, self.max_words)
        if text and letters(text) in self.seen:
            reason = "duplicate"
        if reason:
            self.dropped[reason] += 1
            return None
        self.seen.add(letters(text))
        return text

    def _group(self, value: str | None, row: int) -> str:
        """Name a group so that no two differ in punctuation or case alone, which the leak test does not see."""
        name = f"{self.position} {'row' if value is None else 'group'} {row if value is None else value}"
        return f"{self.source.label}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"

    def _too_few(self, found: int, wanted: int, rows: int) -> str:
        return (
            f"originals.sources.{self.position} ({_where(self.source)}): {found} usable texts, {wanted} wanted by its "
            f"weight; of {rows} texts these were dropped: {dict(self.dropped)}. "
            "Lower originals.count or the weight of this source, or add texts."
        )


def _value(column: pd.Series | None, row: int) -> str | None:
    """Return a cell; None when it is null or empty."""
    value = None if column is None else column.array[row]
    return value if isinstance(value, str) and value else None


def _where(source: config.OriginalSource) -> str:
    return source.path or f"hub data set {source.hub_dataset}"


def _read(source: config.OriginalSource, max_words: int) -> _Texts:
    if source.kind == "folder":
        return _read_folder(Path(source.path), max_words if source.pieces == "paragraphs" else None)
    names = [source.text_column, source.group_column, source.source_column]
    columns = [name for name in names if name]
    frame = read_text_columns(Path(source.path), columns) if source.kind == "table" else _read_hub(source, columns)
    return _Texts(*(frame[name] if name else None for name in names))


def _read_folder(folder: Path, max_words: int | None) -> _Texts:
    """Read the text files in and under `folder`, each a group. `max_words`: of merged paragraphs; None: whole files."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder.")
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file())
    if not files:
        raise InputError(f"{folder}: has no text file, expected names that end with {' or '.join(_SUFFIXES)}.")
    texts, groups = [], []
    for file in files:
        text = _decoded(file)
        pieces = merged_paragraphs(text, max_words) if max_words else [text]
        texts += pieces
        groups += [file.relative_to(folder).as_posix()] * len(pieces)
    return _Texts(pd.Series(texts, dtype=str), pd.Series(groups, dtype=str))


def _decoded(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(file, error.start) from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}).") from None


def _read_hub(source: config.OriginalSource, columns: list[str]) -> pd.DataFrame:
    """Read a data set of the Hugging Face hub, or of its cache. Raises InputError when neither has it."""
    import datasets  # late: 0.7 s

    where = f"{_where(source)}, split {source.hub_split}"
    options = {"split": source.hub_split, "revision": source.hub_revision}
    try:
        found = datasets.load_dataset(source.hub_dataset, source.hub_subset, **options)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{where}: cannot be loaded ({reason}). Look at hub_dataset, hub_subset and hub_split, and at the "
            "network; for a gated data set accept its terms on the hub and set HF_TOKEN."
        ) from None
    require_columns(columns, found.column_names, where=where)
    table: pa.Table = found.select_columns(columns).with_format("arrow")[:]
    return as_text(table, where=where).to_pandas()
