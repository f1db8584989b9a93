"""A family name in, a model folder out: the real architecture, small, with random weights and its chat template."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedTokenizerFast
from transformers.models.gemma2 import Gemma2Config
from transformers.models.gemma3 import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3TextConfig
from transformers.models.llama import LlamaConfig
from transformers.models.mistral import MistralConfig
from transformers.models.phi3 import Phi3Config
from transformers.models.qwen2 import Qwen2Config
from transformers.models.qwen3 import Qwen3Config

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
    extra: tuple[str | AddedToken, ...]
    template: str
    options: dict[str, Any]


_NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
_GEMMA = {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 512}
_THINKING = ("<think>", "</think>")  # in Qwen 3's vocabulary, but no special tokens
_THINK = "<think>\n\n</think>\n\n"


def _turns(*, user: str, model: str, start: str, head: str = "", tail: str = "") -> str:
    """A template without a system turn of the caller's; `{}` stands for the content, `tail` follows a whole talk."""
    user, model = (turn.replace("{}", "{{ m['content'] }}") for turn in (user, model))
    return (
        f"{head}{{% for m in messages %}}{{% if m['role'] == 'user' %}}{user}{{% else %}}{model}{{% endif %}}"
        f"{{% endfor %}}{{% if add_generation_prompt %}}{start}{{% else %}}{tail}{{% endif %}}"
    )


def _chat_markup(*, system: str = "", said: str = "{}", silent: str = "") -> str:
    """Qwen's form: a default system turn (2.5), or an empty think block before the answer (3)."""
    user, assistant = "<|im_start|>user\n{}<|im_end|>\n", "<|im_start|>assistant\n"
    return _turns(head=system, user=user, model=f"{assistant}{said}<|im_end|>\n", start=assistant + silent)


_GEMMA_TURNS = _turns(
    head=f"<bos>{_NO_SYSTEM}",
    user="<start_of_turn>user\n{{ m['content'] | trim }}<end_of_turn>\n",
    model="<start_of_turn>model\n{{ m['content'] | trim }}<end_of_turn>\n",
    start="<start_of_turn>model\n",
)
FAMILIES = {
    "mistral": Family(
        MistralConfig, "<s>", "</s>", None, "<unk>", "</s>", True, (),
        _turns(head=f"<s>{_NO_SYSTEM}", user="[INST] {} [/INST]", model=" {}</s>", start=""),
        {"sliding_window": None},
    ),
    "gemma2": Family(
        Gemma2Config, "<bos>", "<eos>", "<pad>", "<unk>", "<end_of_turn>", True, ("<start_of_turn>", "<end_of_turn>"),
        _GEMMA_TURNS, _GEMMA,
    ),
    "gemma3": Family(
        Gemma3TextConfig, "<bos>", "<eos>", "<pad>", "<unk>", "<end_of_turn>", True,
        ("<start_of_turn>", "<end_of_turn>"), _GEMMA_TURNS,
        {**_GEMMA, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "qwen2": Family(
        Qwen2Config, None, "<|im_end|>", "<|endoftext|>", None, "<|im_end|>", False, ("<|im_start|>",),
        _chat_markup(system="<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"), {},
    ),
    "qwen3": Family(
        Qwen3Config, None, "<|im_end|>", "<|endoftext|>", None, "<|im_end|>", False,
        ("<|im_start|>", *_THINKING),
        _chat_markup(
            said=f"{{% if loop.last %}}{_THINK}{{% endif %}}{{{{ m['content'].split('</think>')[-1] }}}}",
            silent=f"{{% if enable_thinking is defined and enable_thinking is false %}}{_THINK}{{% endif %}}",
        ),
        {"head_dim": 32},
    ),
    "llama": Family(
        LlamaConfig, "<|begin_of_text|>", "<|end_of_text|>", None, None, "<|eot_id|>", False,
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|finetune_right_pad_id|>"),
        _turns(
            head="<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
            "Cutting Knowledge Date: December 2023\n"
            "Today Date: {{ date_string if date_string is defined else strftime_now('%d %b %Y') }}\n\n<|eot_id|>",
            user="<|start_header_id|>user<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>",
            model="<|start_header_id|>assistant<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>",
            start="<|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        {},
    ),
    "phi3": Family(
        Phi3Config, "<s>", "<|endoftext|>", "<|endoftext|>", "<unk>", "<|end|>", True,
        tuple(AddedToken(name, special=True, rstrip=True) for name in ("<|user|>", "<|assistant|>", "<|end|>")),
        _turns(
            user="<|user|>\n{}<|end|>\n", model="<|assistant|>\n{}<|end|>\n", start="<|assistant|>\n",
            tail="<|endoftext|>",
        ),
        {"sliding_window": 512},
    ),
}  # fmt: skip


def make_tokenizer(family: str) -> PreTrainedTokenizerFast:
    """Train byte-level pieces (Qwen, Llama 3), or SentencePiece-like ones with byte fallback (the others)."""
    own = FAMILIES[family]
    special = list(dict.fromkeys(token for token in (own.pad, own.eos, own.bos, own.unk) if token)) + list(own.extra)
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
        tokenizer_object=_with_plain_tokens(tokenizer),
        bos_token=own.bos,
        eos_token=own.eos,
        pad_token=own.pad,
        unk_token=own.unk,
        additional_special_tokens=[token for token in own.extra if token not in _THINKING],
    )
    fast.chat_template = own.template
    return fast


def _with_plain_tokens(tokenizer: Tokenizer) -> Tokenizer:
    """Undo what the trainer takes for special tokens and is none: bytes to fall back to, and `<think>`."""
    state = json.loads(tokenizer.to_str())
    for token in state["added_tokens"]:
        token["special"] &= token["content"] not in _THINKING
    state["added_tokens"] = [token for token in state["added_tokens"] if not token["content"].startswith("<0x")]
    return Tokenizer.from_str(json.dumps(state))


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


def make_image_model_folder(text: Path, folder: Path) -> Path:
    """Save the Gemma 3 text model of the folder `text` with a random image tower, as the published 4B to 27B are."""
    words = AutoModelForCausalLM.from_pretrained(text)
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = Gemma3Config(
        text_config=words.config.to_dict(),
        vision_config=tower | {"image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
    )
    model = Gemma3ForConditionalGeneration(config)
    model.model.language_model.load_state_dict(words.model.state_dict())
    model.lm_head.load_state_dict(words.lm_head.state_dict())
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(text).save_pretrained(folder)
    return folder
