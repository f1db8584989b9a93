"""What a rewriter says of one request: a text, or the reason why there is none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """`text`, or "" and a short `failure` such as "timeout", "cut_off" or "server_error 500"."""

    text: str
    failure: str | None = None
