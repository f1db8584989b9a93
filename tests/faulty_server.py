"""A chat server on 127.0.0.1 that echoes, or stands in front of a real one, and commits the faults it is told to."""

import json
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Fault = Callable[["_Handler"], None]
Plan = Callable[[str, int], Fault | None]  # message, number of the attempt from 1 -> what goes wrong, if anything


def status(code: int, text: str = "", **headers: str) -> Fault:
    return lambda handler: handler.send(code, text.encode(), {k.replace("_", "-"): v for k, v in headers.items()})


def slow(seconds: float) -> Fault:
    def fault(handler: "_Handler") -> None:
        time.sleep(seconds)
        handler.answer()

    return fault


def broken_connection(handler: "_Handler") -> None:
    """Promise a thousand bytes, send the half of an answer, hang up."""
    handler.send(200, handler.completion("half a sen")[:40], {"content-length": "1000"})
    handler.close_connection = True


def finish(reason: str, text: str = "half a sen") -> Fault:
    return lambda handler: handler.send(200, handler.completion(text, reason))


class FaultyServer(ThreadingHTTPServer):
    """Counts what it is asked: attempts by message, headers and bodies, the most calls under way at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, plan: Plan, behind: str | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.plan, self.behind = plan, behind
        self.attempts: Counter[str] = Counter()
        self.requests: list[tuple[float, dict, dict]] = []  # when, headers, body
        self.under_way: list[int] = []  # as each call came
        self.now_under_way = 0
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request, client_address) -> None:
        """A client that stopped waiting is no news."""


@contextmanager
def faulty_server(plan: Plan = lambda message, attempt: None, behind: str | None = None) -> Iterator[FaultyServer]:
    server = FaultyServer(plan, behind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FaultyServer

    def do_GET(self) -> None:
        self.send(200, json.dumps({"data": [{"id": "echo"}, {"id": "parrot"}]}).encode())

    def do_POST(self) -> None:
        self.raw = self.rfile.read(int(self.headers["content-length"]))
        self.body = json.loads(self.raw)
        self.message = self.body["messages"][0]["content"]
        server = self.server
        with server.lock:
            server.attempts[self.message] += 1
            server.requests.append((time.monotonic(), dict(self.headers), self.body))
            server.now_under_way += 1
            server.under_way.append(server.now_under_way)
            fault = server.plan(self.message, server.attempts[self.message])
        fault(self) if fault else self.answer()

    def answer(self) -> None:
        if not self.server.behind:
            return self.send(200, self.completion(f"echo: {self.message}"))
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.server.behind}/chat/completions", self.raw, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            self.send(response.status, response.read())

    def completion(self, text: str, finish_reason: str = "stop") -> bytes:
        message = {"role": "assistant", "content": text}
        return json.dumps({"choices": [{"message": message, "finish_reason": finish_reason}]}).encode()

    def send(self, code: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        if self.command == "POST":
            with self.server.lock:  # before the client can know, or its next call would come too early
                self.server.now_under_way -= 1
        self.send_response(code)
        for name, value in ({"content-length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        """Tests print nothing."""
