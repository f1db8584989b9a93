"""A sentence-t5 model and texts in, unit vectors as the competition's host computes them out.

The host ran the TensorFlow version, which tokenises by SentencePiece alone: `</s>` or `<extra_id_0>` in a text are
ordinary characters there, while the tokeniser that sentence-transformers loads takes them for special tokens.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sentencepiece import SentencePieceProcessor
from tqdm import tqdm

from prompt_recovery.errors import InputError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MAX_PIECES = 127  # and eos: the host's limit; a longer answer scored about 0.41 on the leaderboard, whatever it said
PIECES_FILE = "spiece.model"
_WORD_MARK = "\u2581"  # stands in a piece for the space before a word
# Padding included. On 2 CPU cores 1,024 embed a third more prompts a second than 4,096 do; a GPU wants more at once.
_BATCH_TOKENS_CPU, _BATCH_TOKENS_GPU = 1_024, 16_384
_SHOW_PROGRESS = 500  # texts


@dataclass(frozen=True)
class SentenceT5:
    """The encoder, pooling and dense of a sentence-transformers folder, fed with SentencePiece's own ids."""

    model: "SentenceTransformer"  # in float32
    pieces: SentencePieceProcessor

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """Return the number of pieces of each text, nothing cut, without eos."""
        return [len(ids) for ids in self.pieces.encode(list(texts))]

    def list_pieces(self) -> tuple[str, ...]:
        """Return all pieces but the control ones as they stand in a text."""
        return tuple(self.spelt().values())

    def spelt(self) -> dict[int, str]:
        """Return the same by their ids; SentencePiece's mark of a word is a space."""
        special = (self.pieces.is_control, self.pieces.is_unknown, self.pieces.is_unused, self.pieces.is_byte)
        ids = [row for row in range(self.pieces.get_piece_size()) if not any(one(row) for one in special)]
        return {row: self.pieces.id_to_piece(row).replace(_WORD_MARK, " ") for row in ids}

    def ids(self, text: str) -> list[int]:
        """Return what the model reads of a text: at most 127 pieces, and eos."""
        return self._ids([text])[0]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors, shape (n, d), float32, of the first 127 pieces and eos of each text."""
        import torch

        rows = self._ids(texts)
        tokens = _BATCH_TOKENS_CPU if self.model.device.type == "cpu" else _BATCH_TOKENS_GPU
        batches = list(length_batches([len(ids) for ids in rows], tokens))
        vectors = np.empty((len(rows), self.model.get_embedding_dimension()), dtype=np.float32)
        with torch.inference_mode():
            for batch in tqdm(batches, desc="Batches", disable=len(rows) <= _SHOW_PROGRESS):
                vectors[batch] = self._vectors([rows[row] for row in batch])
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
        return torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy()


def sentence_t5(model: "SentenceTransformer", where: str) -> SentenceT5:
    """Join a model that was loaded from `where` (folder or hub id) with the SentencePiece file that lies there.

    Raises InputError when there is no such file, when it is no SentencePiece model, or not this model's.
    """
    file = pieces_file(where)
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


def pieces_file(where: str) -> Path:
    """Return the spiece.model of a folder or hub id, fetched where need be. Raises InputError when it has none."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        if not Path(where).is_dir():
            cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME")  # where sentence-transformers looks, too
            return Path(hf_hub_download(where, PIECES_FILE, cache_dir=cache))
        if (Path(where) / PIECES_FILE).is_file():
            return Path(where) / PIECES_FILE
    except EntryNotFoundError:  # neither in the cache nor on the hub
        pass
    raise InputError(
        f"embedder.model {where}: has no {PIECES_FILE}, and its tokenizer.json does not cut texts as the competition's "
        f"host did: it takes '</s>' in a text for a special token. Expected {PIECES_FILE} beside config.json: fetch it "
        "from the hub's sentence-transformers/sentence-t5-base, or give a folder that has it."
    )


def length_batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Yield rows in batches, the longest first, each of at most so many `tokens` with its padding, or of one row."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        size = max(1, tokens // lengths[order[start]])
        yield order[start : start + size]
        start += size
