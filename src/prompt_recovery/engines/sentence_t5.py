"""A sentence-t5 model and texts in, unit vectors as the competition's host computes them out.

The host ran the TensorFlow version, which tokenises by SentencePiece alone: `</s>` or `<extra_id_0>` in a text are
ordinary characters there, while the tokeniser that sentence-transformers loads takes them for special tokens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sentencepiece import SentencePieceProcessor

from prompt_recovery.errors import InputError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MAX_PIECES = 127  # and eos: the host's limit; a longer answer scored about 0.41 on the leaderboard, whatever it said
PIECES_FILE = "spiece.model"
_BATCH_TOKENS = 4_096  # padding included


@dataclass(frozen=True)
class SentenceT5:
    """The encoder, pooling and dense of a sentence-transformers folder, fed with SentencePiece's own ids."""

    model: "SentenceTransformer"  # in float32
    pieces: SentencePieceProcessor

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """Return the number of pieces of each text, nothing cut, without eos."""
        return [len(ids) for ids in self.pieces.encode(list(texts))]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors, shape (n, d), float32, of the first 127 pieces and eos of each text."""
        import torch

        rows = self._ids(texts)
        batches = list(_batches([len(ids) for ids in rows]))
        with torch.inference_mode():
            parts = [self._vectors([rows[row] for row in batch]) for batch in batches]
        vectors = np.empty((len(rows), self.model.get_embedding_dimension()), dtype=np.float32)
        for batch, part in zip(batches, parts, strict=True):
            vectors[batch] = part
        return vectors

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [[*ids[:MAX_PIECES], self.pieces.eos_id()] for ids in self.pieces.encode(list(texts))]

    def _vectors(self, rows: list[list[int]]) -> np.ndarray:
        import torch

        ids = torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(row) for row in rows], batch_first=True, padding_value=self.pieces.pad_id()
        )
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        features = {"input_ids": ids.to(self.model.device), "attention_mask": mask.to(self.model.device)}
        vectors = self.model(features)["sentence_embedding"]
        return torch.nn.functional.normalize(vectors, dim=1).cpu().numpy()


def sentence_t5(model: "SentenceTransformer", where: str) -> SentenceT5:
    """Join a model that was loaded from `where` (folder or hub id) with the SentencePiece file that lies there.

    Raises InputError when there is no such file, when it is no SentencePiece model, or not this model's.
    """
    file = _pieces_file(where)
    try:
        pieces = SentencePieceProcessor(model_file=str(file))
    except RuntimeError as error:
        raise InputError(f"{file}: is no SentencePiece model ({str(error)[:80]}). Fetch it again.") from None
    ids, known = pieces.get_piece_size(), model[0].model.get_input_embeddings().num_embeddings
    if ids > known or pieces.pad_id() < 0 or pieces.eos_id() < 0:
        raise InputError(
            f"{file}: has {ids} pieces, pad {pieces.pad_id()} and eos {pieces.eos_id()}; expected at most the {known} "
            "of the encoder beside it, and both. Put the file of this very model there."
        )
    return SentenceT5(model.float().eval(), pieces)  # the hub's weights are in float16, and would be run in it


def _pieces_file(where: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        file = Path(where) / PIECES_FILE if Path(where).is_dir() else Path(hf_hub_download(where, PIECES_FILE))
        if file.is_file():
            return file
    except EntryNotFoundError:  # neither in the cache nor on the hub
        pass
    raise InputError(
        f"embedder.model {where}: has no {PIECES_FILE}, and its tokenizer.json does not cut texts as the competition's "
        f"host did: it takes '</s>' in a text for a special token. Expected {PIECES_FILE} beside config.json: fetch it "
        "from the hub's sentence-transformers/sentence-t5-base, or give a folder that has it."
    )


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield rows in batches, the longest first, each of at most `_BATCH_TOKENS` with its padding."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        size = max(1, _BATCH_TOKENS // lengths[order[start]])
        yield order[start : start + size]
        start += size
