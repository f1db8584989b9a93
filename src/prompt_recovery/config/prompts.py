"""The settings of the rewrite prompts: the project's own, the user's lists, variations that a chat model writes."""

from pathlib import Path, PurePath
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prompt_recovery.config.section import Count, Section

Variation = Literal["longer", "shorter", "formal", "informal", "extra_element", "focused"]

_COLUMN = "rewrite_prompt"


class PromptFile(Section):
    """A list of prompts: a column of a .csv, .parquet or .jsonl, a .json list of texts, or a .txt, one a line."""

    path: Annotated[str, Field(pattern=r"(?i)\.(csv|parquet|jsonl|json|txt)$")]
    column: str = _COLUMN  # of .csv, .parquet and .jsonl

    @model_validator(mode="after")
    def _reads_its_column(self) -> Self:
        if PurePath(self.path).suffix.lower() in (".json", ".txt") and self.column != _COLUMN:
            raise ValueError("no column with a .json or .txt file, which has none")
        return self


class Prompts(Section):
    """Which prompts: the project's own, those of your files, and what a chat model makes of some of them.

    `kind`: of the project's own, `rules` takes those that have a rule, `all` those for a chat model too, `none` none.
    """

    kind: Literal["rules", "all", "none"] = "rules"
    files: tuple[PromptFile, ...] = ()
    max_words: Count = 60  # a longer one in a file is dropped
    variations: tuple[Variation, ...] = ()
    variations_of: Count = 1_000  # how many of the prompts, drawn by weight, are varied; each in all these ways

    @model_validator(mode="after")
    def _has_prompts(self) -> Self:
        if self.kind == "none" and not self.files:
            raise ValueError('at least one [[prompts.files]] with kind = "none"')
        if len(set(self.variations)) < len(self.variations):
            raise ValueError("each of the variations once")
        return self

    @property
    def without_rule(self) -> str | None:
        """The setting because of which some prompts have no rule, None when every prompt has one."""
        settings = {'prompts.kind = "all"': self.kind == "all", "prompts.files": self.files}
        settings |= {"prompts.variations": self.variations}
        return next((name for name, chosen in settings.items() if chosen), None)

    def paths(self) -> dict[str, Path]:
        """Return the user's files, for the receipt."""
        return {file.path: Path(file.path) for file in self.files}
