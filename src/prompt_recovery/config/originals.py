"""The settings of the original texts: where they come from, how many, how long."""

from pathlib import Path, PurePath
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prompt_recovery.config.section import Count, Positive, Section

_Text = Annotated[str, Field(min_length=1)]

_COLUMNS = ("text_column", "source_column", "group_column")
_NEEDED_BY = {"folder": "path", "table": "path", "hub": "hub_dataset"}
_READ_BY = {  # settings that only some kinds read
    "own": (),
    "folder": ("path", "pieces", "source_label"),
    "table": ("path", *_COLUMNS, "source_label"),
    "hub": ("hub_dataset", "hub_subset", "hub_split", "hub_revision", *_COLUMNS, "source_label"),
    "written": ("kinds", "topics", "characteristics", "min_words", "max_words"),
}


class OriginalSource(Section):
    """A source of originals.

    `own`: the project's passages; `folder`: .txt and .md files; `table`: .csv, .parquet or .jsonl; `hub`: a data set;
    `written`: a chat model writes each to a specification of its own, a draw from these lists.
    """

    kind: Literal["own", "folder", "table", "hub", "written"]
    weight: Positive = 1.0  # its share of the originals is this over the sum of all weights
    path: str | None = None  # of `folder` and `table`
    pieces: Literal["file", "paragraphs"] = "file"  # of `folder`: a text a file, or paragraphs merged up to max_words
    hub_dataset: Annotated[str, Field(pattern=r"^[\w.-]+(/[\w.-]+)?$")] | None = None  # owner/name
    hub_subset: str | None = None
    hub_split: str = "train"
    hub_revision: str | None = None
    text_column: str = "text"
    source_column: str | None = None  # says of each row what the text is; without it `source_label` does
    source_label: str | None = None  # None: the name of the folder, file or data set
    group_column: str | None = None  # texts of one group are never parted by a split; without it each row is one
    kinds: tuple[_Text, ...] = ()  # of `written`, as the next two; (): those of data/texts/specification.toml
    topics: tuple[_Text, ...] = ()  # () with kinds of that file: those that suit each
    characteristics: tuple[_Text, ...] = ()
    min_words: Annotated[int, Field(ge=12)] = 20  # that are asked for; models do not count well
    max_words: Annotated[int, Field(ge=12, le=350)] | None = None  # that are asked for; None: originals.max_words

    @model_validator(mode="after")
    def _has_what_its_kind_reads(self) -> Self:
        needed = _NEEDED_BY.get(self.kind)
        if needed and not getattr(self, needed):
            raise ValueError(f'{needed} with kind = "{self.kind}"')
        for name in sorted({name for names in _READ_BY.values() for name in names} - set(_READ_BY[self.kind])):
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f'no {name} with kind = "{self.kind}", which does not read it')
        if self.max_words and self.max_words < self.min_words:
            raise ValueError(f"max_words of at least min_words, {self.min_words}")
        return self

    @property
    def label(self) -> str:
        """The word for this source in the triples and in messages."""
        return self.source_label or PurePath(self.path or self.hub_dataset or self.kind).stem


class Originals(Section):
    """How many originals, and the sources they are drawn from, by weight. Longer texts are cut at a sentence end."""

    count: Count = 6_000
    max_words: Annotated[int, Field(ge=12, le=350)] = 30
    sources: tuple[OriginalSource, ...] = (OriginalSource(kind="own"),)

    @model_validator(mode="after")
    def _has_sources(self) -> Self:
        if not self.sources:
            raise ValueError("at least one [[originals.sources]]")
        if sum(source.kind == "own" for source in self.sources) > 1:
            raise ValueError('one source with kind = "own", its weight raised')
        for number, source in enumerate(self.sources):
            longest = max(source.min_words, source.max_words or 0)
            if source.kind == "written" and longest > self.max_words:
                raise ValueError(f"max_words of at least {longest}, as sources.{number} asks for texts that long")
        return self

    def files(self) -> dict[str, Path]:
        """Return the user's files and folders, for the receipt."""
        return {source.path: Path(source.path) for source in self.sources if source.path}
