"""Texts in, which of them an embedder reads whole out, or as much of one as it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PieceLimit:
    """At most `max_pieces` pieces of the embedder, its end sign apart: over 127 any text scored ~0.41 on the board.

    `count_pieces` tells of each text how many it has.
    """

    count_pieces: Callable[[Sequence[str]], list[int]]
    max_pieces: int

    def fitting(self, texts: Sequence[str]) -> list[str]:
        """Return those of the texts that are read whole, in their order."""
        return [text for text, count in zip(texts, self.count_pieces(texts), strict=True) if count <= self.max_pieces]

    def cut(self, text: str) -> str:
        """Return the text less what stands behind the limit, of one character at least."""
        while not self.fitting([text]) and len(text) > 1:
            text = text[: -max(1, len(text) // 10)].rstrip()
        return text
