"""Encoded questions in, several answers to each out, with the log-probability of what was said; questions read once."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList

from prompt_recovery.engines.continuation import continued, left_padded


@dataclass(frozen=True)
class Opening:
    """Words that an answer is made to begin with, and their ids as the chat template sets them; "" has none."""

    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """One answer. `sample` 0 is the greedy one. `log_probability`: the sum over its `tokens`, opening and end included.

    The probabilities are those that the model draws from (its own generation config's penalties are in them), before
    the temperature; the mean a token is `log_probability / tokens`.
    """

    text: str
    opening: str
    sample: int
    log_probability: float
    tokens: int


@dataclass(frozen=True)
class Drawing:
    """How often each opening is answered beside the greedy answer, at which temperature, by which seed."""

    samples: int
    temperature: float
    seed: int


@torch.inference_mode()
def answer_variously(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    keys: Sequence[str],
    *,
    openings: Sequence[Opening],
    drawing: Drawing,
    tokenizer: Any,
    stop_ids: list[int],
    max_new_tokens: int,
) -> list[list[Answer]]:
    """Answer each prompt of one batch with every opening, greedily and by samples -> the answers of each prompt.

    A sample depends on the seed, the prompt's key, the opening and its number, not on the rest of the batch, but for
    what rounding does to a close decision.
    """
    ids, mask = left_padded(prompts, tokenizer.pad_token_id, model.device)
    read = _read(model, ids[:, :-1], mask[:, :-1])
    repeats = 1 + drawing.samples
    answers: list[list[Answer]] = [[] for _ in prompts]
    for opening in openings:
        cache = copy.deepcopy(read)
        said_before, forced = _force(model, ids, mask, opening.ids, cache)
        said_before, full_mask = (rows.repeat_interleave(repeats, dim=0) for rows in (said_before, forced.mask))
        cache.batch_repeat_interleave(repeats)
        choose = GumbelChoice([(key, opening.text, n) for key in keys for n in range(repeats)], drawing)
        options = {"past_key_values": cache, "logits_processor": LogitsProcessorList([choose])}
        options |= {"tokenizer": tokenizer, "stop_ids": stop_ids, "max_new_tokens": max_new_tokens}
        out = continued(model, said_before, full_mask, **options)
        said = out[:, ids.shape[1] :]
        sums, lengths = _summed(choose, said[:, len(opening.ids) :], stop_ids)
        texts = tokenizer.batch_decode(said, skip_special_tokens=True)
        for place, text in enumerate(texts):
            row, sample = divmod(place, repeats)
            total = sums[place] + float(forced.log_probability[row])
            answers[row].append(Answer(text.strip(), opening.text, sample, total, lengths[place] + len(opening.ids)))
    return answers


class GumbelChoice(LogitsProcessor):
    """Turns greedy decoding into sampling: the largest of logits / temperature + Gumbel noise is a draw of the softmax.

    Every row has its own stream of noise, so that the batch it is in plays no part. Sample 0 gets none.
    """

    def __init__(self, names: Sequence[tuple[str, str, int]], drawing: Drawing):
        self.temperature = drawing.temperature
        self.streams = [_stream(drawing.seed, *name) if name[2] else None for name in names]
        self.log_probabilities: list[torch.Tensor] = []  # of the token chosen at each step, shape (rows,)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        noised = scores.clone()
        for row, stream in enumerate(self.streams):
            if stream is not None:
                uniform = torch.rand(scores.shape[1], generator=stream).clamp(1e-20, 1 - 1e-7)
                noised[row] = scores[row] / self.temperature - torch.log(-torch.log(uniform)).to(scores.device)
        chosen = noised.argmax(dim=-1, keepdim=True)
        self.log_probabilities.append(scores.float().log_softmax(-1).gather(1, chosen)[:, 0])
        return noised


@dataclass(frozen=True)
class _Forced:
    mask: torch.Tensor
    log_probability: torch.Tensor  # shape (rows,)


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return (mask.cumsum(-1) - 1).clamp(min=0)


def _read(model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> Any:
    """Return the cache of the prompts but for their last token."""
    out = model(input_ids=ids, attention_mask=mask, position_ids=_positions(mask), use_cache=True, logits_to_keep=1)
    return out.past_key_values


def _force(
    model: torch.nn.Module, ids: torch.Tensor, mask: torch.Tensor, opening: Sequence[int], cache: Any
) -> tuple[torch.Tensor, _Forced]:
    """Put the opening behind every prompt, its log-probability beside; the cache then lacks the last token alone."""
    rows = len(ids)
    if not opening:
        return ids, _Forced(mask, torch.zeros(rows))
    words = torch.tensor([list(opening)] * rows, device=ids.device)
    ids, mask = torch.cat([ids, words], dim=1), torch.cat([mask, torch.ones_like(words)], dim=1)
    length = len(opening)
    out = model(
        input_ids=ids[:, -length - 1 : -1],
        attention_mask=mask[:, :-1],
        position_ids=_positions(mask)[:, -length - 1 : -1],
        past_key_values=cache,
        use_cache=True,
    )
    log_probabilities = out.logits.float().log_softmax(-1).gather(2, words[:, :, None])[:, :, 0]
    return ids, _Forced(mask, log_probabilities.sum(dim=1))


def _summed(choose: GumbelChoice, said: torch.Tensor, stop_ids: Sequence[int]) -> tuple[list[float], list[int]]:
    """Add up what was said until the first stop, that included -> sums and numbers of tokens."""
    stops = torch.isin(said, torch.tensor(list(stop_ids), device=said.device)).int()
    own = (stops.cumsum(1) - stops) == 0
    each = torch.stack(choose.log_probabilities, dim=1)
    return torch.where(own, each, 0.0).sum(1).tolist(), own.sum(1).tolist()


def _stream(seed: int, key: str, opening: str, sample: int) -> torch.Generator:
    name = "\x1f".join((str(seed), key, opening, str(sample))).encode()
    return torch.Generator().manual_seed(int.from_bytes(blake2b(name, digest_size=7).digest(), "big"))
