"""One user message in, a chat server's answer out, or a `CallFailed` that says why there is none."""

import asyncio
import functools
import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from pydantic import SecretStr

from prompt_recovery import config
from prompt_recovery.errors import InputError

OUT_OF_CREDIT = 402
_OVERLOADED = {429, 503, 504}
_PASSING = {408, 425} | _OVERLOADED
_certificates = functools.cache(httpx2.create_ssl_context)  # 25 ms to read, the same for every client


class CallFailed(Exception):
    """A call without an answer: `reason` in a word or two, what was `found`, whether another attempt may help."""

    def __init__(
        self,
        reason: str,
        found: str = "",
        *,
        status: int | None = None,
        passing: bool = False,
        overloaded: bool = False,
        wait_seconds: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.found = found
        self.status = status  # of HTTP; None: nothing came back
        self.passing = passing
        self.overloaded = overloaded
        self.wait_seconds = wait_seconds  # that the server asks for


def read_key(variable: str) -> SecretStr | None:
    """Return the key in the environment variable, None without one. Raises InputError when it cannot be a header."""
    key = SecretStr(os.environ.get(variable, "").strip())
    if not (key.get_secret_value().isascii() and key.get_secret_value().isprintable()):
        raise InputError(
            f"{variable}: the key in this environment variable holds a line break or another character that no key "
            "has. Set it again, to the key alone."
        )
    return key if key.get_secret_value() else None


def open_client(settings: config.ChatServer, key: SecretStr | None) -> httpx2.AsyncClient:
    """Open the connections to the server. Raises InputError for a `base_url` that is none."""
    try:
        return httpx2.AsyncClient(
            base_url=settings.base_url,
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            verify=_certificates(),
            timeout=None,  # the time limit is one for the whole call
            limits=httpx2.Limits(max_connections=settings.max_concurrency),
        )
    except httpx2.InvalidURL as error:
        raise InputError(f"base_url {settings.base_url}: is no address ({error}).") from error


async def ask(
    client: httpx2.AsyncClient, settings: config.ChatServer, message: str, *, max_new_tokens: int | None = None
) -> str:
    """Return the stripped answer to one user message. Raises CallFailed."""
    body = {
        "model": settings.model,
        "messages": [{"role": "user", "content": message}],
        "temperature": settings.temperature,
        settings.length_parameter: max_new_tokens or settings.max_new_tokens,
    }
    if settings.seed is not None:
        body["seed"] = settings.seed
    return _read_answer(await _send(client, settings, body))


async def served_models(client: httpx2.AsyncClient, settings: config.ChatServer) -> str:
    """Return the names of the models that the server lists, "none" when it lists none."""
    try:
        async with asyncio.timeout(settings.time_limit_seconds):
            listed = (await client.get("models")).json()["data"]
        return ", ".join(model["id"] for model in listed) or "none"
    except (TimeoutError, httpx2.RequestError, ValueError, LookupError, TypeError):
        return "none"


async def _send(client: httpx2.AsyncClient, settings: config.ChatServer, body: dict[str, Any]) -> httpx2.Response:
    try:
        async with asyncio.timeout(settings.time_limit_seconds):
            return await client.post("chat/completions", json=body)
    except TimeoutError as error:
        found = f"no answer within time_limit_seconds = {settings.time_limit_seconds:g}"
        raise CallFailed("timeout", found, passing=True, overloaded=True) from error
    except httpx2.ConnectError as error:
        raise CallFailed("unreachable", str(error), passing=True) from error
    except httpx2.RequestError as error:
        raise CallFailed("broken_connection", str(error), passing=True) from error


def _read_answer(response: httpx2.Response) -> str:
    """Return the text of a whole answer; anything else that came back is a CallFailed."""
    if response.status_code != 200:
        raise _refusal(response)
    try:
        choice = response.json()["choices"][0]
        text, finish = (choice["message"].get("content") or "").strip(), choice["finish_reason"]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CallFailed("bad_answer", response.text, status=200, passing=True) from error
    if finish == "length":
        raise CallFailed("cut_off", f"{len(text)} characters, then no token was left", status=200)
    if finish != "stop":
        raise CallFailed(f"finish_reason {finish}", status=200)
    if not text:
        raise CallFailed("empty", status=200)
    return text


def _refusal(response: httpx2.Response) -> CallFailed:
    status = response.status_code
    if "insufficient_quota" in response.text:  # OpenAI's 429 that no waiting mends
        status = OUT_OF_CREDIT
    reason = "rate_limited" if status == 429 else f"{'server_error' if status >= 500 else 'refused'} {status}"
    return CallFailed(
        reason,
        response.text,
        status=status,
        passing=status in _PASSING or status >= 500,
        overloaded=status in _OVERLOADED,
        wait_seconds=_retry_after_seconds(response.headers.get("retry-after", "")),
    )


def _retry_after_seconds(value: str) -> float:
    """Read a Retry-After header: seconds, or a date (RFC 9110, 10.2.3); 0 for anything else."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
