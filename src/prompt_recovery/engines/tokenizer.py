"""A model folder or hub id in, its tokeniser out, ready to pad a batch; no model is imported."""

from typing import Any

from transformers import AutoTokenizer

from prompt_recovery.engines.pretrained import from_pretrained
from prompt_recovery.errors import InputError


def load_tokenizer(model: str, revision: str | None = None) -> Any:
    """Load the tokeniser of a folder or hub id, with padding on the left and a pad token distinct from eos."""
    tokenizer = from_pretrained(AutoTokenizer, model, revision=revision)
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id in (None, tokenizer.eos_token_id):
        tokenizer.pad_token = _spare_token(tokenizer)
    return tokenizer


def _spare_token(tokenizer: Any) -> str:
    """Return a token to pad with that no text means: a reserved one, else unk; never eos, never a new one."""
    vocabulary = tokenizer.get_vocab()
    names = ("<pad>", "[PAD]", "<|pad|>", "<|finetune_right_pad_id|>", "<|reserved_special_token_0|>", "<|endoftext|>")
    for token in (*names, tokenizer.unk_token):
        if token in vocabulary and token != tokenizer.eos_token:
            return token
    raise InputError(f"{tokenizer.name_or_path}: no token to pad with beside eos; set pad_token in the tokeniser.")
