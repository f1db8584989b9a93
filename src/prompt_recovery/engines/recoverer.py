"""A run's config in, the callables that its stages want out: encode and generate, or answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer

from prompt_recovery import config
from prompt_recovery.engines.chat import ChatFormat, Triple
from prompt_recovery.engines.language_model import (
    Generated,
    generate,
    load_adapter,
    load_language_model,
    require_same_base,
    resolve_device,
)
from prompt_recovery.engines.reply import Reply
from prompt_recovery.engines.sampling import Answer, Drawing, Opening, answer_variously
from prompt_recovery.engines.tokenizer import load_tokenizer
from prompt_recovery.engines.trainable import load_trained
from prompt_recovery.errors import InputError
from prompt_recovery.methods import METHODS

_FIRST_ADAPTER = "default"  # as peft names it


@dataclass(frozen=True)
class Recoverer:
    """A loaded model that answers the task's question for batches of encoded pairs."""

    model: torch.nn.Module
    tokenizer: Any
    chat: ChatFormat
    max_new_tokens: int
    max_shot_tokens: int = 0
    adapter: str | None = None  # the one in the model that answers; None: the base alone

    def encode(self, original_text: str, rewritten_text: str, shots: Sequence[Triple] = ()) -> list[int]:
        """Return the ids of the question. Raises InputError when its shots leave no room for the answer."""
        ids = self.chat.prompt(original_text, rewritten_text, shots, self.max_shot_tokens)
        room = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        if shots and room and len(ids) + self.max_new_tokens > room:
            raise InputError(
                f"a conversation of {len(shots)} shots has {len(ids)} tokens, and {self.max_new_tokens} are for the "
                f"answer, but the base has {room} positions. Lower prompting.shots or prompting.max_text_tokens."
            )
        return ids

    def generate(self, prompts: Sequence[Sequence[int]]) -> list[str]:
        options = {"tokenizer": self.tokenizer, "stop_ids": self.chat.stop_ids(), "max_new_tokens": self.max_new_tokens}
        return [answer.text for answer in generate(self.model, prompts, **options)]

    def answer_variously(
        self, prompts: Sequence[Sequence[int]], keys: Sequence[str], settings: config.Generation, seed: int
    ) -> list[list[Answer]]:
        """Answer each prompt of one batch with every opening of `settings`, greedily and by samples."""
        return answer_variously(
            self.model,
            prompts,
            keys,
            openings=[Opening(text, self.chat.opening_ids(text)) for text in settings.openings],
            drawing=Drawing(settings.samples, settings.temperature, seed),
            tokenizer=self.tokenizer,
            stop_ids=self.chat.stop_ids(),
            max_new_tokens=self.max_new_tokens,
        )

    def with_adapter(self, folder: Path, base: str) -> "Recoverer":
        """Return this one with another adapter in force; all share the base's weights, so `in_force` tells which.

        Raises InputError when the folder holds no adapter, or one that was trained on another base.
        """
        if not isinstance(self.model, PeftModel):
            return replace(self, model=load_adapter(self.model, folder, base=base), adapter=_FIRST_ADAPTER)
        require_same_base(self.model, folder, base)
        name = _adapter_name(folder)
        if name not in self.model.peft_config:
            self.model.load_adapter(folder, adapter_name=name, is_trainable=False)
        return replace(self, model=self.model.eval(), adapter=name).in_force()

    def in_force(self) -> "Recoverer":
        """Let this one's adapter answer, or the bare base, until another one's is put in force."""
        for layer in self.model.modules():
            if isinstance(layer, BaseTunerLayer):
                layer.enable_adapters(self.adapter is not None)
                if self.adapter:
                    layer.set_adapter(self.adapter)
        return self


def load_recoverer(run: config.RunConfig, trained: Path | None, *, to_shard: bool = False) -> Recoverer:
    """Load the run's base as its method wants it, with what was trained (in that folder) or bare.

    `to_shard`: to be spread over several processes before it is used.
    """
    base, device = run.base, resolve_device(run.device)
    tokenizer = load_tokenizer(base.model, base.revision)
    quantisation = METHODS[run.method].quantisation
    model = load_language_model(
        base.model,
        revision=base.revision,
        quantisation=quantisation,
        attention=base.attention,
        device=device,
        to_shard=to_shard,
    )
    if trained:
        model = load_trained(model, trained, base=base.model)
    chat = ChatFormat(tokenizer, run.chat)
    adapter = _FIRST_ADAPTER if isinstance(model, PeftModel) else None
    return Recoverer(model, tokenizer, chat, run.generation.max_new_tokens, run.prompting.max_text_tokens, adapter)


def load_chat_answerer(settings: config.Rewriter) -> Callable[[Sequence[str]], Iterator[Reply]]:
    """Load a chat model that replies greedily to user messages; they go in batches of like lengths, longest first.

    The replies come in the order of the messages. One that met `max_new_tokens` is a failure, "cut_off".
    """
    tokenizer = load_tokenizer(settings.model)
    model = load_language_model(
        settings.model, quantisation=settings.quantisation, device=resolve_device(settings.device)
    )
    chat = ChatFormat(tokenizer, config.Chat())
    options = {"tokenizer": tokenizer, "stop_ids": chat.stop_ids(), "max_new_tokens": settings.max_new_tokens}

    def answer(messages: Sequence[str]) -> Iterator[Reply]:
        prompts = [chat.message(message) for message in messages]
        order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
        replies: dict[int, Reply] = {}
        for start in range(0, len(order), settings.batch_size):
            batch = order[start : start + settings.batch_size]
            answers = generate(model, [prompts[row] for row in batch], **options)
            replies |= {row: _reply(said) for row, said in zip(batch, answers, strict=True)}
        return iter(replies[row] for row in range(len(messages)))

    return answer


def _adapter_name(folder: Path) -> str:
    """Name an adapter within a model: a folder's path without dots, which part the names of modules."""
    return str(folder).replace(".", "_").replace("/", "-")


def _reply(said: Generated) -> Reply:
    if not said.finished:
        return Reply("", "cut_off")
    return Reply(said.text) if said.text else Reply("", "empty")
