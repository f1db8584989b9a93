"""The settings of triples that were made elsewhere: which files, and what their columns are called."""

from pathlib import PurePath

from prompt_recovery.config.section import Section


class ImportedTriples(Section):
    """A .csv, .parquet or .jsonl file of triples: brought along, cleaned and split with those that are made."""

    path: str
    original_column: str = "original_text"
    prompt_column: str = "rewrite_prompt"
    rewritten_column: str = "rewritten_text"
    rewriter_column: str | None = None  # says of each row who rewrote; without it `rewriter` does
    rewriter: str = "unknown"
    source_column: str | None = None  # says of each row what the original is; without it `source_label` does
    source_label: str | None = None  # None: the name of the file
    group_column: str | None = None  # originals of one group are never parted by a split
    external: bool = False  # all of it is for the test, as split S4

    @property
    def label(self) -> str:
        """The word for this file's originals in the triples."""
        return self.source_label or PurePath(self.path).stem

    def columns(self) -> dict[str, str]:
        """Return the columns that are read, by what they are here."""
        columns = {
            "original_text": self.original_column,
            "rewrite_prompt": self.prompt_column,
            "rewritten_text": self.rewritten_column,
            "rewriter": self.rewriter_column,
            "original_source": self.source_column,
            "original_group": self.group_column,
        }
        return {name: column for name, column in columns.items() if column}
