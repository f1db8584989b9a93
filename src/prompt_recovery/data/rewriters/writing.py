"""Messages to a chat model in, its replies out, kept on disk: what a killed run has written is not written again."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.data.rewriters.chat_models import Answer
from prompt_recovery.data.rewriters.rewriting import rewriter_identity
from prompt_recovery.data.rewriters.shards import in_turn, keep_in_shards
from prompt_recovery.engines.reply import Reply

Write = Callable[[Sequence[str]], list[Reply]]  # distinct messages -> replies, in their order


def message_id(message: str, writer: str) -> str:
    """Return the id of a message: its hash, with that of the writer and its sampling."""
    return hashlib.sha256("\0".join((message, writer)).encode()).hexdigest()[:16]


def writer_in_shards(settings: config.Rewriter, answer: Answer, folder: Path, *, retry_failures: bool = False) -> Write:
    """Return what asks the chat model of `settings` by `answer` for what no shard in `folder` holds.

    With `retry_failures` a message that failed in an earlier run is asked once more.
    """
    identity = rewriter_identity(settings, seed=0)

    def write(messages: Sequence[str]) -> list[Reply]:
        replies = keep_in_shards(
            {message_id(message, identity): message for message in messages},
            in_turn(answer, settings.rows_per_shard),
            folder=folder,
            rows_per_shard=settings.rows_per_shard,
            retry_failures=retry_failures,
            doing="writing",
        )
        return list(replies.values())

    return write
