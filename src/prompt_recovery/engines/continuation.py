"""Token ids of a batch of questions in, the ids that a model says next out; nothing drawn, no beams."""

from collections.abc import Sequence
from typing import Any

import torch


def left_padded(prompts: Sequence[Sequence[int]], pad: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and attention mask, each of shape (prompts, the longest's tokens), padded on the left."""
    width = max(map(len, prompts))
    ids = [[pad] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def continued(
    model: torch.nn.Module,
    ids: torch.Tensor,
    mask: torch.Tensor,
    *,
    tokenizer: Any,
    stop_ids: list[int],
    max_new_tokens: int,
    **more: Any,
) -> torch.Tensor:
    """Return ids and what greedily follows; a row that met one of `stop_ids` is padded. `more` goes to generate."""
    return model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        num_beams=1,
        temperature=None,
        top_p=None,
        top_k=None,
        eos_token_id=stop_ids,
        pad_token_id=tokenizer.pad_token_id,
        **more,
    )
