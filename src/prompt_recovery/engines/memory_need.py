"""A run in, what its base, adapter and answers take of a GPU's memory and of a disk out: reckoned, not tried."""

from dataclasses import dataclass

from prompt_recovery import config
from prompt_recovery.methods import METHODS

_BYTES = {"none": 2.0, "int8": 1.0, "nf4": 0.52}  # of a weight that is quantised; nf4 with its double-quantised scales
_CONTEXT_BYTES = 1 << 29  # CUDA's own, and what its libraries load
_FORM_TOKENS = 64  # of a question beside its two texts: template and instruction
_TRAINED_BYTES = 10  # of a trained weight: fp32, its gradient, two moments in 8 bits
_FP16_IS_SHORT = ("gemma3", "gemma3_text")  # activations pass 65,504: github.com/huggingface/transformers/issues/36822


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes on one GPU; `disk_bytes`: of what training writes."""

    weights: int
    answering: int  # the weights, and a whole batch of the longest questions with its cache
    training: int  # the weights and what is trained; the batch comes on top
    disk_bytes: int
    overflows_in_fp16: bool


def memory_need(run: config.RunConfig) -> MemoryNeed | None:
    """Return what the run needs; None where the base's config.json is neither a folder's nor in the hub's cache."""
    import torch  # seconds to import, as the next
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        settings = AutoConfig.from_pretrained(run.base.model, revision=run.base.revision, local_files_only=True)
        settings = settings.get_text_config()
        with torch.device("meta"):  # shapes alone
            model = AutoModelForCausalLM.from_config(settings)
    except (OSError, ValueError):
        return None
    method = METHODS[run.method]
    head = model.get_output_embeddings()
    linear = [module for module in model.modules() if isinstance(module, torch.nn.Linear) and module is not head]
    in_linear = sum(module.weight.numel() for module in linear)
    everything = sum(own.numel() for own in model.parameters())
    weights = int(2 * (everything - in_linear) + _BYTES[method.quantisation] * in_linear)
    wanted = run.lora.target_modules
    adapted = (own for name, own in model.named_modules() if own in set(linear) and _is_adapted(name, wanted))
    adapter = run.lora.rank * sum(module.in_features + module.out_features for module in adapted)
    trained = {"adapter": adapter, "nothing": 0}.get(method.trains, everything)
    return MemoryNeed(
        weights=weights,
        answering=weights + _batch_bytes(run, settings) + _CONTEXT_BYTES,
        training=weights + _TRAINED_BYTES * trained + _CONTEXT_BYTES,
        disk_bytes=4 * trained * (2 + 2 * 3),  # saved, bundled; the newest checkpoint and the next, with two moments
        overflows_in_fp16=settings.model_type in _FP16_IS_SHORT,
    )


def _is_adapted(name: str, wanted: str | tuple[str, ...]) -> bool:
    return wanted == "all-linear" or name.split(".")[-1] in wanted


def _batch_bytes(run: config.RunConfig, settings: object) -> int:
    """Return the cache of keys and values of a batch, and the widest layer's activations, in 16 bits."""
    heads = settings.num_attention_heads
    head_size = getattr(settings, "head_dim", None) or settings.hidden_size // heads
    cached = 2 * settings.num_hidden_layers * (getattr(settings, "num_key_value_heads", None) or heads) * head_size
    question = 2 * run.chat.max_text_tokens + _FORM_TOKENS
    rows = run.generation.batch_size * (1 + run.generation.samples)
    active = 3 * settings.intermediate_size * question * run.generation.batch_size
    return 2 * (cached * rows * (question + run.generation.max_new_tokens) + active)
