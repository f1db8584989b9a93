"""A model with an adapter in, the same with its frozen decoder layers spread over the processes out: FSDP."""

import torch
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.distributed.fsdp.wrap import ModuleWrapPolicy

from prompt_recovery import config
from prompt_recovery.engines.trainable import decoder_layers
from prompt_recovery.train import workers


def shards(settings: config.Train) -> bool:
    """Tell whether the layers are spread: it is asked for, and there are several processes."""
    return settings.sharding == "full" and workers.count() > 1


def shard_layers(model: torch.nn.Module, device: torch.device) -> None:
    """Move the model, which was loaded on the CPU, to `device`: of each frozen decoder layer only this process's share.

    A layer is whole on a device only while it computes, so that all processes must make the same forward and backward
    passes in the same order. What is trained stays whole in each process, as do the embeddings, the output head and
    the norm between: an adapter of rank 16 on 32B has 0.13 billion weights. So an optimiser, a checkpoint and a saved
    adapter are those of unsharded training, and gradients are summed as there. FSDP1, since FSDP2 is reported broken
    with weights in NF4; these must be stored in the float type of the others, for FSDP joins a layer's weights in one.
    """
    layers = decoder_layers(model)
    own_device = torch.device("cuda", torch.cuda.current_device()) if device.type == "cuda" else device
    frozen = {id(one) for layer in layers for one in layer.parameters() if not one.requires_grad}
    whole = [parameter for parameter in model.parameters() if id(parameter) not in frozen]
    name = next(name for name, module in model.named_modules() if layers in module.children())
    sharded = FullyShardedDataParallel(
        model.get_submodule(name),
        auto_wrap_policy=ModuleWrapPolicy({type(layer) for layer in layers}),
        device_id=own_device,
        ignored_states=whole,
        use_orig_params=True,
    )
    model.set_submodule(name, sharded)
    for tensor in (*whole, *model.buffers()):
        tensor.data = tensor.data.to(own_device)


def unwrap_layers(model: torch.nn.Module) -> None:
    """Give all modules their names again, for peft saves by name; the frozen layers stay in parts: no more passes."""
    wrapped = [(name, own) for name, own in model.named_modules() if isinstance(own, FullyShardedDataParallel)]
    for name, own in reversed(wrapped):  # the inner ones first, while their names hold
        model.set_submodule(name, own.module)
