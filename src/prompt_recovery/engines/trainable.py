"""A loaded base and a method in, the model with what the method trains out; saved, and put on its base again."""

from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from prompt_recovery import config
from prompt_recovery.engines.language_model import (
    BASE_RECORD,
    add_adapter,
    compute_dtype,
    continue_adapter,
    load_adapter,
    require_same_base,
)
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import whole_or_absent, write_json
from prompt_recovery.methods import METHODS

_WEIGHTS = "weights.safetensors"


def make_trainable(model: torch.nn.Module, run: config.RunConfig, init_from: Path | None = None) -> torch.nn.Module:
    """Return the base with LoRA weights, or itself with all or its last layers open to training; all in fp32.

    LoRA weights are fresh, or those of the adapter in the folder `init_from`.

    Raises InputError when the base has fewer layers than `whole_weights.last_layers`.
    """
    trains = METHODS[run.method].trains
    if trains == "adapter":
        if init_from:
            return continue_adapter(model, init_from, run.lora, base=run.base.model)
        return add_adapter(model, run.lora, run.seed)
    opened = model if trains == "all" else _last_layers(model, run.whole_weights.last_layers)
    model.requires_grad_(False)
    opened.requires_grad_(True)
    for parameter in opened.parameters():
        parameter.data = parameter.data.float()  # AdamW's small steps are lost in 16 bits
    return model


def save_trained(model: torch.nn.Module, folder: Path, record: dict[str, Any]) -> None:
    """Write what was trained beside the record of its base, whole or not at all.

    `record`: `base_record` of the model before it was trained. Whole weights are saved in the dtype of the base.
    """
    with whole_or_absent(folder) as partial:
        if isinstance(model, PeftModel):
            model.save_pretrained(partial)
        else:
            partial.mkdir(parents=True)
            dtype, named = compute_dtype(model.device), model.named_parameters()  # a tied weight is named once
            save_file(
                {name: one.detach().to(dtype).cpu() for name, one in named if one.requires_grad}, partial / _WEIGHTS
            )
        write_json(partial / BASE_RECORD, record)


def load_trained(model: torch.nn.Module, folder: Path, *, base: str) -> torch.nn.Module:
    """Put on the base what was trained on it. Raises InputError when it was trained on another base."""
    if not (folder / _WEIGHTS).exists():
        return load_adapter(model, folder, base=base)
    require_same_base(model, folder, base)
    unknown = model.load_state_dict(load_file(folder / _WEIGHTS), strict=False).unexpected_keys
    if unknown:
        raise InputError(f"{folder}: holds weights that {base} lacks ({', '.join(unknown[:3])} ...). Train again.")
    return model.eval()


def _last_layers(model: torch.nn.Module, number: int) -> torch.nn.ModuleList:
    depth = model.config.get_text_config().num_hidden_layers
    if number > depth:
        raise InputError(f"whole_weights.last_layers = {number}: the base has {depth} layers.")
    return decoder_layers(model)[-number:]


def decoder_layers(model: torch.nn.Module) -> torch.nn.ModuleList:
    """Return the stack of the model's layers, the first of all lists of modules that are as many."""
    depth = model.config.get_text_config().num_hidden_layers
    return next(own for own in model.modules() if isinstance(own, torch.nn.ModuleList) and len(own) == depth)
