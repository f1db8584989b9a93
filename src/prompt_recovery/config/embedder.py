"""The settings of the embedder, which every stage may want."""

from typing import Literal

from prompt_recovery.config.section import Section


class Embedder(Section):
    """`sentence-t5` is the competition's; `minilm` comes with the requirements, and its scores are never the same."""

    kind: Literal["sentence-t5", "minilm"] = "sentence-t5"
    model: str | None = None  # hub id or folder; None: the kind's own
