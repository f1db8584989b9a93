"""Nothing in, how many GPUs there are and what they hold out."""

import torch


def count_gpus() -> int:
    """Return the number of visible CUDA GPUs, without taking hold of one."""
    return torch.cuda.device_count()


def peak_gpu_bytes() -> int:
    """Return the most GPU memory that this process has held at once; 0 without a GPU."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0


def free_gpu_memory() -> None:
    """Give back what PyTorch keeps for later allocations."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def gpu_memory() -> dict[str, int]:
    """Return the bytes that each visible CUDA GPU has, by "number: name"."""
    found = (torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count()))
    return {f"{number}: {one.name}": one.total_memory for number, one in enumerate(found)}
