"""The settings of the embedder, which every stage may want."""

from typing import Literal, Self

from pydantic import model_validator

from prompt_recovery.config.section import Section

SENTENCE_T5 = "sentence-transformers/sentence-t5-base"


class Embedder(Section):
    """`sentence-t5` is the competition's; the others come with the requirements, and their scores are never the same.

    `minilm` is all-MiniLM-L6-v2. `wordllama` is a mean of token vectors: coarser, of another make, much faster.
    """

    kind: Literal["sentence-t5", "minilm", "wordllama"] = "sentence-t5"
    model: str | None = None  # hub id or folder; None: the kind's own

    @model_validator(mode="after")
    def _has_a_choice_of_models(self) -> Self:
        if self.kind == "wordllama" and self.model:
            raise ValueError('no model with kind = "wordllama", which has but its own')
        return self

    @property
    def weights(self) -> str | None:
        """Return the hub id or folder of the weights; None: they come inside a package."""
        return self.model or (SENTENCE_T5 if self.kind == "sentence-t5" else None)
