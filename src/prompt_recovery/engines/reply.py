"""What a rewriter says of one request, a text or why there is none; and many of them as a table of schema REPLIES."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Reply:
    """`text`, or "" and a short `failure` such as "timeout", "cut_off" or "server_error 500"."""

    text: str
    failure: str | None = None


def replies_frame(replies: Mapping[str, Reply]) -> pd.DataFrame:
    """Return replies by id as a frame of schema REPLIES."""
    texts = [reply.text for reply in replies.values()]
    failures = [reply.failure or "" for reply in replies.values()]
    return pd.DataFrame({"id": list(replies), "rewritten_text": texts, "failure": failures})


def replies_by_id(frame: pd.DataFrame) -> list[tuple[str, Reply]]:
    """Return the rows of a frame of schema REPLIES as (id, reply), in their order."""
    columns = (frame["id"], frame["rewritten_text"], frame["failure"])
    return [(key, Reply(text, failure or None)) for key, text, failure in zip(*columns, strict=True)]
