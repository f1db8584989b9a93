"""A model folder or hub id in, a causal language model and its tokeniser out, quantised, adapted, ready to generate."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.hooks import remove_hook_from_module
from huggingface_hub import snapshot_download
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from prompt_recovery import config
from prompt_recovery.engines.continuation import continued, left_padded
from prompt_recovery.engines.pretrained import text_model
from prompt_recovery.engines.tokenizer import load_tokenizer
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, whole_or_absent

BASE_RECORD = "base.json"  # beside all trained weights: which base they were trained on
_PROBE_ROWS, _PROBE_COLUMNS = 16, 16  # of the input embedding, compared between bases
_PROBE_TOLERANCE = 1e-2  # bf16 and fp16 copies of the same weights differ by less


def resolve_device(device: str) -> torch.device:
    """Return the device for `auto`, `cpu` or `cuda`. Raises InputError when a GPU is asked for and none is there."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError('device = "cuda": no CUDA GPU is visible. Run on a GPU machine, or take a run for the CPU.')
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


def compute_dtype(device: torch.device) -> torch.dtype:
    """bf16 from compute capability 8.0 (a T4 claims bf16 and emulates it), fp16 below, fp32 on a CPU."""
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16


def load_language_model(
    model: str,
    *,
    revision: str | None = None,
    quantisation: str = "none",
    attention: str | None = None,
    device: torch.device,
    to_shard: bool = False,
) -> torch.nn.Module:
    """Load a causal model on `device`: `none` in the compute dtype, `int8`, or `nf4` with double quantisation.

    `attention`: the name of an implementation of transformers; None: what it chooses for the model. `to_shard`: leave
    it in the CPU's memory, in the form that FSDP takes apart: each process must have room for it there.

    Raises InputError for a folder that holds no model, a hub id that cannot be had, and what is not causal.
    """
    dtype = compute_dtype(device)
    loaded = text_model(
        AutoModelForCausalLM,
        model,
        revision=revision,
        dtype=dtype,
        device_map={"": torch.device("cpu") if to_shard else device},
        attn_implementation=attention,
        quantization_config=_quantisation_config(quantisation, dtype, dtype if to_shard else torch.uint8),
    )
    if to_shard:
        remove_hook_from_module(loaded, recurse=True)  # which would send a quantised model's inputs to the CPU
    if device.type == "cpu":
        _use_safe_cpu_kernels(loaded)
    return loaded.eval()


def add_adapter(model: torch.nn.Module, settings: config.Lora, seed: int) -> PeftModel:
    """Put fresh LoRA weights, in fp32, on a loaded model; only they are trainable."""
    torch.manual_seed(seed)
    return get_peft_model(model, _lora_config(settings))  # which keeps the adapter in fp32 on a base in 16 bits


def continue_adapter(model: torch.nn.Module, folder: Path, settings: config.Lora, *, base: str) -> PeftModel:
    """Put a saved adapter on the base that it was trained on, to be trained further; the shape must be the saved one's.

    Raises InputError as `load_adapter` does.
    """
    require_same_base(model, folder, base)
    return PeftModel.from_pretrained(model, folder, is_trainable=True, config=_lora_config(settings))


def load_adapter(model: torch.nn.Module, folder: Path, *, base: str) -> PeftModel:
    """Put a saved adapter on the base that it was trained on.

    Raises InputError when the folder holds no adapter, or one that was trained on another base.
    """
    require_same_base(model, folder, base)
    return PeftModel.from_pretrained(model, folder, is_trainable=False).eval()


def base_record(model: torch.nn.Module, base: str) -> dict[str, Any]:
    """Return what stands beside weights that were trained on `model`, the base of that name."""
    return {"base": base, **_probe(model)}


def require_same_base(model: torch.nn.Module, folder: Path, base: str) -> None:
    """Raise InputError unless what is saved in `folder` was trained on `model`, the base of that name."""
    record, found = read_json(folder / BASE_RECORD, made_by="make train"), _probe(model)
    same = record["architecture"] == found["architecture"] and np.allclose(
        record["embedding"], found["embedding"], rtol=_PROBE_TOLERANCE, atol=_PROBE_TOLERANCE
    )
    if not same:
        kind = "this adapter was" if folder.name == "adapter" else "these weights were"
        raise InputError(
            f"{folder}: {kind} trained on another base: {record['base']} ({record['architecture']}), not "
            f"{base} ({found['architecture']}) with the weights that were loaded. Load that base, or train again."
        )


def merge_adapter(folder: Path, base: config.Base, *, device: str, into: Path) -> str:
    """Add a saved adapter to its base and save an ordinary model folder at `into`, whole or not at all -> its dtype.

    The base is loaded anew in bf16 or fp16 (fp32 on a CPU) and not quantised: a merge into 4 bits is reported to
    lose quality. The folder is quantised when it is loaded, as any base is.
    """
    bare = load_language_model(base.model, revision=base.revision, device=resolve_device(device))
    try:
        merged = load_adapter(bare, folder, base=base.model).merge_and_unload(safe_merge=True)
    except ValueError as error:  # what peft raises for weights that are not numbers
        raise InputError(f"{folder}: cannot be merged ({error}). Train it again, more gently.") from error
    with whole_or_absent(into) as partial:
        merged.save_pretrained(partial, save_original_format=False)  # whose names of weights may be another model's
        load_tokenizer(base.model, base.revision).save_pretrained(partial)
    return str(merged.dtype).removeprefix("torch.")


@dataclass(frozen=True)
class Generated:
    """A decoded continuation, stripped, without special tokens; `finished`: it ended by itself, not at the limit."""

    text: str
    finished: bool


@torch.inference_mode()
def generate(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    *,
    tokenizer: Any,
    stop_ids: list[int],
    max_new_tokens: int,
) -> list[Generated]:
    """Continue each prompt of one batch greedily."""
    ids, mask = left_padded(prompts, tokenizer.pad_token_id, model.device)
    options = {"tokenizer": tokenizer, "stop_ids": stop_ids, "max_new_tokens": max_new_tokens}
    said = continued(model, ids, mask, **options)[:, ids.shape[1] :]
    finished = torch.isin(said, torch.tensor(stop_ids, device=said.device)).any(dim=1).tolist()
    texts = tokenizer.batch_decode(said, skip_special_tokens=True)
    return [Generated(text.strip(), ended) for text, ended in zip(texts, finished, strict=True)]


def model_folder(model: str, revision: str | None = None) -> Path:
    """Return the folder of a model that is already here: itself, or its snapshot in the hub's cache."""
    if Path(model).is_dir():
        return Path(model)
    return Path(snapshot_download(model, revision=revision, local_files_only=True))


def _lora_config(settings: config.Lora) -> LoraConfig:
    targets = settings.target_modules
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        use_rslora=settings.rank_stabilised,
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type="CAUSAL_LM",
    )


def _quantisation_config(quantisation: str, dtype: torch.dtype, storage: torch.dtype) -> BitsAndBytesConfig | None:
    """`storage`: as which type weights of 4 bits are held, two or more in each of its numbers."""
    if quantisation == "none":
        return None
    if quantisation == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        bnb_4bit_quant_storage=storage,
    )


def _use_safe_cpu_kernels(model: torch.nn.Module) -> None:
    """Keep bitsandbytes off its AVX512-BF16 path: after a generation there, later gradients are silently wrong.

    Seen with bitsandbytes 0.50.2; the same path fails on layers with a bias or a width that 64 does not divide.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _probe(model: torch.nn.Module) -> dict[str, Any]:
    """Return what tells two bases apart: the architecture and a corner of the input embedding (never quantised)."""
    weight = model.get_input_embeddings().weight
    rows = torch.linspace(0, weight.shape[0] - 1, _PROBE_ROWS).long()
    corner = weight[rows.to(weight.device), :_PROBE_COLUMNS].detach().float().cpu().numpy()
    shape = f"{model.config.model_type}, vocabulary {weight.shape[0]}, hidden {weight.shape[1]}"
    return {
        "architecture": f"{shape}, {model.config.get_text_config().num_hidden_layers} layers",
        "embedding": corner.round(5).tolist(),
    }
