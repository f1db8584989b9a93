"""Pairs of texts in, unit vectors in an embedder's space out: an encoder that reads both at once, and a linear head."""

import inspect
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from tqdm import tqdm
from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding, AutoTokenizer

from prompt_recovery import config
from prompt_recovery.engines.embedder import minilm_folder
from prompt_recovery.engines.pretrained import from_pretrained
from prompt_recovery.engines.sentence_t5 import length_batches
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, whole_or_absent

_BATCH_TOKENS_CPU, _BATCH_TOKENS_GPU = 4_096, 32_768  # of a prediction, padding included
_SHOW_PROGRESS = 500  # pairs
_WRITES_TEXT = ("ForCausalLM", "LMHeadModel")


@dataclass(frozen=True)
class PairIds:
    """A pair as token ids; `segments` is 1 from the rewritten text on, `trimmed` how many of the two texts were cut."""

    ids: list[int]
    segments: list[int]
    trimmed: int


@dataclass(frozen=True)
class PairBatch:
    """Pairs padded on the right, each of shape (n, width); `mask` is 1 for tokens, 0 for padding."""

    ids: torch.Tensor
    segments: torch.Tensor
    mask: torch.Tensor


@dataclass(frozen=True)
class PairReader:
    """Turns a pair into `[start] original [separator] rewritten [separator]`, of each text at most so many tokens."""

    tokenizer: Any
    max_text_tokens: int

    def read(self, pairs: pd.DataFrame) -> list[PairIds]:
        """Return the pairs as ids; a longer text keeps its head and its tail, what is no text (NaN) counts as empty."""
        originals, rewritten = (self._ids(pairs[name]) for name in ("original_text", "rewritten_text"))
        return [self._joined(*pair) for pair in zip(originals, rewritten, strict=True)]

    def batch(self, rows: Sequence[PairIds], device: torch.device) -> PairBatch:
        padding = self.tokenizer.pad_token_id or 0
        width = max(len(row.ids) for row in rows)
        gaps = [width - len(row.ids) for row in rows]
        ids = [row.ids + [padding] * gap for row, gap in zip(rows, gaps, strict=True)]
        segments = [row.segments + [0] * gap for row, gap in zip(rows, gaps, strict=True)]
        mask = [[1] * len(row.ids) + [0] * gap for row, gap in zip(rows, gaps, strict=True)]
        return PairBatch(*(torch.tensor(table, device=device) for table in (ids, segments, mask)))

    def _ids(self, texts: Sequence[object]) -> list[list[int]]:
        special = re.compile("|".join(map(re.escape, self.tokenizer.all_special_tokens)))
        readable = [text if isinstance(text, str) else "" for text in texts]
        # the letters of a "[SEP]" or "</s>" that stands in a text are parted: it ends nothing
        plain = [special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text) for text in readable]
        return self.tokenizer(plain, add_special_tokens=False, verbose=False)["input_ids"]

    def _joined(self, original: list[int], rewritten: list[int]) -> PairIds:
        start, end = self.marks
        first = start + self._trim(original) + end
        second = self._trim(rewritten) + end
        trimmed = sum(len(ids) > self.max_text_tokens for ids in (original, rewritten))
        return PairIds(first + second, [0] * len(first) + [1] * len(second), trimmed)

    def _trim(self, ids: list[int]) -> list[int]:
        budget = self.max_text_tokens
        return ids if len(ids) <= budget else ids[: budget // 2] + ids[-(budget - budget // 2) :]

    @property
    def marks(self) -> tuple[list[int], list[int]]:
        """What stands before a pair, and behind each of its texts: BERT's [CLS] and [SEP], nothing and T5's </s>."""
        start, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        return [] if start is None else [start], [self.tokenizer.eos_token_id if end is None else end]


class EncoderWithHead(nn.Module):
    """An encoder, the mean over its tokens' states, a linear map to the embedder's dimensions, unit length."""

    def __init__(self, encoder: nn.Module, dimensions: int):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, dimensions)
        arguments = inspect.signature(encoder.forward).parameters
        self.reads_segments = "token_type_ids" in arguments and getattr(encoder.config, "type_vocab_size", 0) > 1

    def pooled(self, batch: PairBatch) -> torch.Tensor:
        """Return the mean state of each pair's tokens, shape (n, hidden)."""
        segments = {"token_type_ids": batch.segments} if self.reads_segments else {}
        states = self.encoder(input_ids=batch.ids, attention_mask=batch.mask, **segments).last_hidden_state.float()
        mask = batch.mask[..., None]
        return (states * mask).sum(dim=1) / mask.sum(dim=1)

    def forward(self, batch: PairBatch) -> torch.Tensor:
        """Return unit vectors, shape (n, d), float32."""
        return nn.functional.normalize(self.head(self.pooled(batch)).float(), dim=1)


@dataclass(frozen=True, eq=False)
class PairEncoder:
    """A model that predicts the vector of a pair's prompt; `embedder` names in whose space."""

    embedder: str
    reader: PairReader
    model: EncoderWithHead

    @property
    def device(self) -> torch.device:
        return self.model.head.weight.device

    def read(self, pairs: pd.DataFrame) -> list[PairIds]:
        """Return the pairs as the encoder reads them; each row's `trimmed` says what it does not see whole."""
        return self.reader.read(pairs)

    def vectors(self, rows: Sequence[PairIds]) -> np.ndarray:
        """Return the predicted unit vectors, shape (n, d), float32."""
        return self._over_batches(rows, self.model, self.model.head.out_features)

    def pooled(self, rows: Sequence[PairIds]) -> np.ndarray:
        """Return what the head sees of each pair, shape (n, hidden), float32."""
        return self._over_batches(rows, self.model.pooled, self.model.head.in_features)

    def predict(self, pairs: pd.DataFrame) -> np.ndarray:
        """Return the predicted unit vector of each pair's prompt, shape (n, d), float32."""
        return self.vectors(self.read(pairs))

    def save(self, folder: Path) -> None:
        """Write encoder/ (an ordinary model folder), head.safetensors and pair_encoder.json, whole or not at all."""
        with whole_or_absent(folder) as partial:
            self.model.encoder.save_pretrained(partial / "encoder")
            self.reader.tokenizer.save_pretrained(partial / "encoder")
            head = {name: weight.detach().cpu().contiguous() for name, weight in self.model.head.state_dict().items()}
            save_file(head, partial / "head.safetensors")
            told = {"embedder": self.embedder, "max_text_tokens": self.reader.max_text_tokens}
            (partial / "pair_encoder.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    @torch.inference_mode()
    def _over_batches(self, rows: Sequence[PairIds], function: Any, width: int) -> np.ndarray:
        self.model.eval()
        tokens = _BATCH_TOKENS_CPU if self.device.type == "cpu" else _BATCH_TOKENS_GPU
        values = np.empty((len(rows), width), dtype=np.float32)
        with tqdm(total=len(rows), desc="encoding", unit="row", disable=len(rows) <= _SHOW_PROGRESS) as bar:
            for batch in length_batches([len(row.ids) for row in rows], tokens):
                read = self.reader.batch([rows[row] for row in batch], self.device)
                values[batch] = function(read).cpu().numpy()
                bar.update(len(batch))
        return values


def new_pair_encoder(
    settings: config.Encoder, *, embedder: str, dimensions: int, device: torch.device, seed: int
) -> PairEncoder:
    """Return the encoder of a hub id or folder with a new head to `dimensions`, those of the embedder of that name.

    Raises InputError for what is not there, writes text rather than encodes it, or reads too few tokens.
    """
    where = settings.model or minilm_folder()
    encoder, reader = _encoder(where, settings.max_text_tokens)
    torch.manual_seed(seed)
    return PairEncoder(embedder, reader, EncoderWithHead(encoder, dimensions).to(device))


def load_pair_encoder(folder: Path, embedder: str, device: torch.device, *, made_by: str) -> PairEncoder:
    """Read what `PairEncoder.save` wrote. Raises InputError when it is not there or of another embedder."""
    told = read_json(folder / "pair_encoder.json", made_by=made_by)
    if told["embedder"] != embedder:
        raise InputError(
            f"{folder}: trained for the embedder {told['embedder']}, expected {embedder}. Run `{made_by}` again."
        )
    encoder, reader = _encoder(str(folder / "encoder"), told["max_text_tokens"])
    head = load_file(folder / "head.safetensors")
    model = EncoderWithHead(encoder, len(head["bias"]))
    model.head.load_state_dict(head)
    return PairEncoder(embedder, reader, model.to(device).eval())


def _encoder(where: str, max_text_tokens: int) -> tuple[nn.Module, PairReader]:
    settings = from_pretrained(AutoConfig, where)
    if any(name.endswith(_WRITES_TEXT) for name in settings.architectures or ()):
        raise InputError(
            f"vector.encoder.model {where}: is a language model ({settings.architectures[0]}), expected an encoder "
            "such as BERT, DeBERTa or T5."
        )
    kind = AutoModelForTextEncoding if settings.is_encoder_decoder or settings.model_type == "t5" else AutoModel
    encoder, found = from_pretrained(kind, where, dtype=torch.float32, output_loading_info=True)
    if missing := sorted(name for name in found["missing_keys"] if "pooler" not in name):  # would be random
        raise InputError(f"vector.encoder.model {where}: {len(missing)} weights are not there (first: {missing[0]}).")
    reader = PairReader(from_pretrained(AutoTokenizer, where), max_text_tokens)
    _require_room(encoder, reader, where)
    return encoder, reader


def _require_room(encoder: nn.Module, reader: PairReader, where: str) -> None:
    """Raise InputError unless the encoder has places for two texts and their marks, and the tokeniser has marks."""
    start, end = reader.marks
    if end == [None]:
        raise InputError(
            f"vector.encoder.model {where}: its tokeniser has no separator and no end sign. Take another encoder."
        )
    most = (_places(encoder) - len(start) - 2 * len(end)) // 2
    if reader.max_text_tokens > most:
        raise InputError(
            f"vector.encoder.max_text_tokens = {reader.max_text_tokens}: {where} reads two texts of at most {most} "
            "tokens. Lower it, or take an encoder that reads more."
        )


def _places(encoder: nn.Module) -> int:
    """Return how many tokens an encoder with a table of positions reads; one without (T5, DeBERTa) any number."""
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    return 1 << 30
