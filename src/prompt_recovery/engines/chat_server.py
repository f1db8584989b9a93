"""User messages in, the replies of an OpenAI-compatible chat server out, in their order, failures with their reason."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from queue import SimpleQueue

import httpx2
from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from prompt_recovery import config
from prompt_recovery.engines.adaptive_limit import AdaptiveLimit
from prompt_recovery.engines.chat_call import OUT_OF_CREDIT, CallFailed, ask, open_client, read_key, served_models
from prompt_recovery.engines.chat_complaint import LONGEST_PAUSE_SECONDS, TRIVIAL_MESSAGE, complaint
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

_TRIVIAL_TOKENS = 16
_CONCERN_ALL_CALLS = {401, OUT_OF_CREDIT, 404}
_MODEL_IN_DOUBT = {400, 404, 422}
_LOST_AFTER = 20  # calls in a row that found no server: it is gone, and the rest would take hours to fail
_LONGEST_BACKOFF_SECONDS = 60.0


def load_server_answerer(settings: config.ChatServer) -> Callable[[Sequence[str]], Iterator[Reply]]:
    """Ask the server a trivial message, then return what maps user messages to replies, in their order.

    A reply is yielded as soon as it and all before it are done. The returned function keeps what it has learnt about
    the server's capacity from one sequence of messages to the next; use it for one sequence at a time.

    Raises InputError here for what concerns all calls (no server there, key refused, unknown model, no chat model),
    and later, after the replies that are done, when the key or the model ceases to be valid, the server is gone or it
    asks for a pause of over ten minutes.
    """
    server = _Server(settings, read_key(settings.api_key_variable), AdaptiveLimit(settings.max_concurrency))
    with start_blocking_portal() as portal:
        portal.call(server.check)

    def answer(messages: Sequence[str]) -> Iterator[Reply]:
        finished: SimpleQueue[tuple[int, Reply] | None] = SimpleQueue()
        with start_blocking_portal() as portal:
            work = portal.start_task_soon(server.answer_all, messages, finished)
            work.add_done_callback(lambda _: finished.put(None))
            yield from _in_order(len(messages), finished, work)

    return answer


def _in_order(count: int, finished: SimpleQueue[tuple[int, Reply] | None], work: Future[None]) -> Iterator[Reply]:
    """Yield `count` replies by position; what ended the work early is raised in the place of the missing reply."""
    early: dict[int, Reply] = {}
    for position in range(count):
        while position not in early:
            done = finished.get()
            if done is None:
                work.result()  # raises: it ended before all were done
            early.update([done])
        yield early.pop(position)


class _Server:
    """The calls to one server: how many at once, how often again, which failures end them all."""

    def __init__(self, settings: config.ChatServer, key: SecretStr | None, limit: AdaptiveLimit) -> None:
        self._settings = settings
        self._key = key
        self._limit = limit
        self._unreached_in_a_row = 0

    async def check(self) -> None:
        """Raise InputError unless the server answers a trivial message."""
        async with open_client(self._settings, self._key) as client:
            calls = _Calls(client, self._settings, self._limit)
            try:
                await calls.attempts(TRIVIAL_MESSAGE, reachable=False, max_new_tokens=_TRIVIAL_TOKENS)
            except CallFailed as failure:
                if failure.status != 200 or failure.passing:
                    raise await self._complaint(calls, failure) from failure

    async def answer_all(self, messages: Sequence[str], finished: SimpleQueue[tuple[int, Reply] | None]) -> None:
        """Put every message's position and reply into `finished`. Raises InputError for what concerns all calls."""
        todo = iter(enumerate(messages))
        async with open_client(self._settings, self._key) as client:
            calls = _Calls(client, self._settings, self._limit)

            async def work() -> None:
                for position, message in todo:
                    finished.put((position, await self._reply(calls, message)))

            try:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(min(self._settings.max_concurrency, len(messages))):
                        workers.create_task(work())
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from errors.exceptions[0].__cause__

    async def _reply(self, calls: "_Calls", message: str) -> Reply:
        try:
            text = await calls.attempts(message, reachable=True)
        except CallFailed as failure:
            unreached = failure.reason == "unreachable"
            self._unreached_in_a_row = self._unreached_in_a_row + 1 if unreached else 0
            if self._ends_all(failure):
                raise await self._complaint(calls, failure) from failure
            return Reply("", failure.reason)
        self._unreached_in_a_row = 0
        return Reply(text, None)

    def _ends_all(self, failure: CallFailed) -> bool:
        return (
            failure.status in _CONCERN_ALL_CALLS
            or failure.wait_seconds > LONGEST_PAUSE_SECONDS
            or self._unreached_in_a_row >= _LOST_AFTER
        )

    async def _complaint(self, calls: "_Calls", failure: CallFailed) -> InputError:
        models = await served_models(calls.client, self._settings) if failure.status in _MODEL_IN_DOUBT else "not asked"
        return complaint(failure, self._settings, self._key, models)


class _Calls:
    """Calls over one client that share a limit."""

    def __init__(self, client: httpx2.AsyncClient, settings: config.ChatServer, limit: AdaptiveLimit) -> None:
        self.client = client
        self._settings = settings
        self._limit = limit
        self._under_way = 0
        self._changed = asyncio.Condition()

    async def attempts(self, message: str, *, reachable: bool, max_new_tokens: int | None = None) -> str:
        """Attempt a call up to `max_attempts` times with exponential back-off and full jitter. Raises CallFailed.

        `reachable`: the server was there before, so that it may come back when it is not there now.
        """

        def may_help(error: BaseException) -> bool:
            if not isinstance(error, CallFailed) or error.wait_seconds > LONGEST_PAUSE_SECONDS:
                return False
            return error.passing and (reachable or error.reason != "unreachable")

        retrying = AsyncRetrying(
            retry=retry_if_exception(may_help),
            stop=stop_after_attempt(self._settings.max_attempts),
            wait=wait_random_exponential(multiplier=self._settings.backoff_seconds, max=_LONGEST_BACKOFF_SECONDS),
            reraise=True,
        )
        return await retrying(self._attempt, message, max_new_tokens)

    async def _attempt(self, message: str, max_new_tokens: int | None) -> str:
        async with self._slot():
            started = time.monotonic()
            try:
                text = await ask(self.client, self._settings, message, max_new_tokens=max_new_tokens)
            except CallFailed as failure:
                self._learn(failure, started, time.monotonic())
                raise
            self._limit.succeeded(started, time.monotonic())
            return text

    def _learn(self, failure: CallFailed, started: float, now: float) -> None:
        if failure.overloaded:
            self._limit.overloaded(started, now)
        elif failure.status == 200:
            self._limit.succeeded(started, now)
        if failure.wait_seconds <= LONGEST_PAUSE_SECONDS:
            self._limit.pause(until=now + failure.wait_seconds)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        await self._start()
        try:
            yield
        finally:
            self._under_way -= 1
            async with self._changed:
                self._changed.notify_all()

    async def _start(self) -> None:
        """Wait until a call may start: fewer than the limit are under way, and no pause that the server asked for."""
        while True:
            await asyncio.sleep(max(0.0, self._limit.open_at - time.monotonic()))
            async with self._changed:
                await self._changed.wait_for(lambda: self._under_way < self._limit.calls)
                if self._limit.open_at <= time.monotonic():
                    self._under_way += 1
                    return
