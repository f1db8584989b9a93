"""A family name in, a model folder out: the real architecture, small, with random weights and its chat template."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, GenerationConfig, PreTrainedTokenizerFast
from transformers.models.gemma2 import Gemma2Config
from transformers.models.llama import LlamaConfig
from transformers.models.mistral import MistralConfig
from transformers.models.qwen2 import Qwen2Config

CORPUS = [
    "Original text: The kettle sang in the kitchen while Mabel wrote a letter. Rewritten text: Arr, the kettle sings!",
    "Which prompt turned the original text into the rewritten text? Rewrite this text like a pirate.",
    "Turn the passage into a poem. Make this shorter, please. Translate the note into formal language.",
] * 20  # fmt: skip


@dataclass(frozen=True)
class Family:
    """What sets a model family apart: config class, special tokens, kind of pieces, chat template."""

    config: type
    bos: str | None
    eos: str
    pad: str | None
    unk: str | None
    turn_end: str
    sentencepiece: bool
    extra: tuple[str, ...]
    template: str
    options: dict[str, Any]


_TURNS = (
    "{{% if messages[0]['role'] == 'system' %}}{{{{ raise_exception('no system turn') }}}}{{% endif %}}"
    "{bos}{{% for m in messages %}}{{% if m['role'] == 'user' %}}{user}{{% else %}}{model}{{% endif %}}{{% endfor %}}"
    "{{% if add_generation_prompt %}}{start}{{% endif %}}"
)
FAMILIES = {
    "mistral": Family(
        MistralConfig, "<s>", "</s>", None, "<unk>", "</s>", True, (),
        _TURNS.format(bos="<s>", user="[INST] {{ m['content'] }} [/INST]", model=" {{ m['content'] }}</s>", start=""),
        {"sliding_window": None},
    ),
    "gemma2": Family(
        Gemma2Config, "<bos>", "<eos>", "<pad>", "<unk>", "<end_of_turn>", True, ("<start_of_turn>", "<end_of_turn>"),
        _TURNS.format(
            bos="<bos>", user="<start_of_turn>user\n{{ m['content'] | trim }}<end_of_turn>\n",
            model="<start_of_turn>model\n{{ m['content'] | trim }}<end_of_turn>\n", start="<start_of_turn>model\n",
        ),
        {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 512},
    ),
    "qwen2": Family(
        Qwen2Config, None, "<|im_end|>", "<|endoftext|>", None, "<|im_end|>", False, ("<|im_start|>",),
        _TURNS.format(
            bos="", user="<|im_start|>user\n{{ m['content'] }}<|im_end|>\n",
            model="<|im_start|>assistant\n{{ m['content'] }}<|im_end|>\n", start="<|im_start|>assistant\n",
        ),
        {},
    ),
    "llama": Family(
        LlamaConfig, "<|begin_of_text|>", "<|end_of_text|>", None, None, "<|eot_id|>", False,
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|finetune_right_pad_id|>"),
        _TURNS.format(
            bos="<|begin_of_text|>",
            user="<|start_header_id|>user<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>",
            model="<|start_header_id|>assistant<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>",
            start="<|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        {},
    ),
}  # fmt: skip


def make_tokenizer(family: str) -> PreTrainedTokenizerFast:
    """Train byte-level pieces (Qwen, Llama 3), or SentencePiece-like ones with byte fallback (Mistral, Gemma)."""
    own = FAMILIES[family]
    special = [token for token in (own.pad, own.eos, own.bos, own.unk, *own.extra) if token]
    if own.sentencepiece:
        tokenizer = Tokenizer(models.BPE(unk_token=own.unk, byte_fallback=True, fuse_unk=True))
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        special += [f"<0x{byte:02X}>" for byte in range(256)]
        alphabet = []
    else:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=640, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=own.bos,
        eos_token=own.eos,
        pad_token=own.pad,
        unk_token=own.unk,
        additional_special_tokens=list(own.extra),
    )
    fast.chat_template = own.template
    return fast


def make_model_folder(family: str, folder: Path, *, seed: int = 0, hidden_size: int = 64) -> Path:
    """Save tokeniser and a random model of two layers as an ordinary Hugging Face folder."""
    own, tokenizer = FAMILIES[family], make_tokenizer(family)
    torch.manual_seed(seed)
    config = own.config(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **own.options,
    )
    model = AutoModelForCausalLM.from_config(config)
    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
