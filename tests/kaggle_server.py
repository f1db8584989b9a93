"""Kaggle's API, its storage and its runs on 127.0.0.1, as the real client asks, with the faults it is told to."""

import json
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "KGAT_never_to_be_seen"
USER = "ada"
STORAGE = "http://storage.kaggle.test"

Answer = Callable[[], dict]  # does what was asked for, and returns what is said of it
Fault = Callable[["_Handler", Answer], None]


def refused(status: int, message: str) -> Fault:
    return lambda handler, answer: handler.send_json({"code": status, "message": message}, status)


def unavailable(handler: "_Handler", answer: Answer) -> None:
    handler.send(503, b"<html>out of order</html>")


def lost_before(handler: "_Handler", answer: Answer) -> None:
    """Hang up without having done anything."""
    handler.close_connection = True


def lost_after(handler: "_Handler", answer: Answer) -> None:
    """Do what was asked for, and hang up."""
    answer()
    handler.close_connection = True


def says(**values: Any) -> Fault:
    """Do nothing, and answer this with status 200."""
    return lambda handler, answer: handler.send_json(values)


def after(act: Callable[[], None]) -> Fault:
    """Do what was asked for, then call `act`, then hang up."""

    def fault(handler: "_Handler", answer: Answer) -> None:
        answer()
        act()
        handler.close_connection = True

    return fault


def before(act: Callable[[], None]) -> Fault:
    def fault(handler: "_Handler", answer: Answer) -> None:
        act()
        handler.close_connection = True

    return fault


class KaggleServer(ThreadingHTTPServer):
    """What Kaggle has; `faults` has what goes wrong in the next calls of a method, None where nothing does."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.RLock()
        self.faults: dict[str, list[Fault | None]] = defaultdict(list)
        self.calls: Counter[str] = Counter()
        self.strangers: list[str] = []  # what was asked for that is no part of the API, and by whom it was
        self.entered = True
        self.blobs: dict[str, dict] = {}  # by token: name, length, data
        self.versions: list[dict] = []  # of the one dataset
        self.stale_looks = 0  # for how many more looks the newest version is not shown
        self.processing: list[str] = []  # what the status is, one look after the other, before it is READY
        self.kernels: list[dict] = []  # versions of the one kernel
        self.unknown_sources: set[str] = set()
        self.run_states = ["COMPLETE"]  # the last one stays
        self.failure_message = ""
        self.output: dict[str, bytes] = {}
        self.submissions: list[dict] = []
        self.allowed_now = 5

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        """A client that was killed is no news."""

    def remote_files(self) -> dict[str, bytes]:
        """Return the files of the newest version of the dataset."""
        blobs = [self.blobs[file["token"]] for file in self.versions[-1]["files"]]
        return {blob["name"]: bytes(blob["data"]) for blob in blobs}

    def environment(self, home: str) -> dict[str, str]:
        """Return the variables that lead the real client here, and only here."""
        proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), self.url)
        return proxies | {
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "KAGGLE_API_TOKEN": TOKEN,
            "HOME": home,
            "XDG_CONFIG_HOME": f"{home}/.config",
            "TMPDIR": home,
            "NO_PROXY": "",
            "no_proxy": "",
        }

    # --- the API's methods: a request's fields in, an answer's out --------------------------------------------------

    def introspect_token(self, ask: dict) -> dict:
        return {"active": ask["token"] == TOKEN, "username": USER if ask["token"] == TOKEN else ""}

    def get_competition(self, ask: dict) -> dict:
        return {"ref": ask["competitionName"], "userHasEntered": self.entered}

    def get_dataset(self, ask: dict) -> dict:
        shown = self.versions
        if shown and self.stale_looks:
            self.stale_looks -= 1
            shown = shown[:-1]
        if not shown:
            return {"code": 403, "message": "Permission 'datasets.get' was denied"}
        notes = [
            {"versionNumber": number, "versionNotes": version["notes"]} for number, version in enumerate(shown, start=1)
        ]
        return {"currentVersionNumber": len(shown), "versions": notes, "description": shown[-1]["description"]}

    def get_dataset_status(self, ask: dict) -> dict:
        return {"status": self.processing.pop(0) if self.processing else self.versions[-1].get("status", "READY")}

    def start_blob_upload(self, ask: dict) -> dict:
        token = f"blob-{len(self.blobs)}"
        self.blobs[token] = {"name": ask["name"], "length": ask["contentLength"], "data": bytearray()}
        return {"token": token, "createUrl": f"{STORAGE}/blobs/{token}"}

    def create_dataset(self, ask: dict) -> dict:
        if self.versions:
            return {"status": "error", "error": "The requested slug is already in use by a dataset."}
        assert ask["isPrivate"]
        self.versions.append({"files": ask["files"], "notes": "Initial release", "description": ask["description"]})
        return {"status": "ok", "url": f"https://www.kaggle.com/datasets/{ask['ownerSlug']}/{ask['slug']}"}

    def create_dataset_version(self, ask: dict) -> dict:
        body = ask["body"]
        self.versions.append(
            {"files": body["files"], "notes": body["versionNotes"], "description": body["description"]}
        )
        return {"status": "ok", "url": "https://www.kaggle.com/datasets"}

    def save_kernel(self, ask: dict) -> dict:
        asked = [source for key in _SOURCES.values() for source in ask.get(key, [])]
        sources = {
            name: [one for one in ask.get(key, []) if one not in self.unknown_sources] for name, key in _SOURCES.items()
        }
        self.kernels.append({"text": ask["text"], "internet": ask["enableInternet"], "sources": sources, "asked": ask})
        refused = [one for one in asked if one in self.unknown_sources]
        return {
            "versionNumber": len(self.kernels),
            "url": f"https://www.kaggle.com/code/{ask['slug']}",
            "invalidModelSources": [one for one in refused if one.count("/") == 4],
            "invalidDatasetSources": [one for one in refused if one.count("/") == 1],
        }

    def get_kernel(self, ask: dict) -> dict:
        if not self.kernels:
            return {"code": 404, "message": "Not found"}
        newest = self.kernels[-1]
        about = {_SOURCES[name]: sources for name, sources in newest["sources"].items()}
        again = json.dumps(json.loads(newest["text"]), indent=1)  # Kaggle writes notebooks its own way
        return {
            "metadata": about | {"currentVersionNumber": len(self.kernels), "enableInternet": newest["internet"]},
            "blob": {"source": again},
        }

    def get_kernel_session_status(self, ask: dict) -> dict:
        assert ask["versionLabel"] == f"v{len(self.kernels)}"
        state = self.run_states.pop(0) if len(self.run_states) > 1 else self.run_states[0]
        return {"status": state, "failureMessage": self.failure_message}

    def list_kernel_session_output(self, ask: dict) -> dict:
        assert ask["versionLabel"] == f"v{len(self.kernels)}"
        files = [{"fileName": name, "url": f"{STORAGE}/output/{name}"} for name in self.output]
        return {"files": files, "log": "[]"}

    def create_code_submission(self, ask: dict) -> dict:
        assert (ask["kernelVersion"], ask["fileName"]) == (len(self.kernels), "submission.csv")
        submission = {
            "ref": 100 + len(self.submissions),
            "description": ask["submissionDescription"],
            "status": "PENDING",
        }
        self.submissions.insert(0, submission)
        return {"ref": submission["ref"], "message": "Successfully submitted"}

    def list_submissions(self, ask: dict) -> dict:
        """A page has one submission, so that the client has to turn pages."""
        number = int(ask.get("pageToken") or 0)
        following = str(number + 1) if number + 1 < len(self.submissions) else ""
        return {"submissions": self.submissions[number : number + 1], "nextPageToken": following}

    def get_submission_limits(self, ask: dict) -> dict:
        done = len(self.submissions)
        return {"numToday": done, "numTotal": done, "numAllowedNow": self.allowed_now}


_SOURCES = {
    "dataset": "datasetDataSources",
    "competition": "competitionDataSources",
    "kernel": "kernelDataSources",
    "model": "modelDataSources",
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: KaggleServer

    def do_POST(self) -> None:
        body, url = self._body(), urlsplit(self.path)
        found = re.fullmatch(r"/api/v1/\w+\.\w+Service/(\w+)", url.path)
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", found[1]).lower() if found else ""
        if url.netloc != "localhost" or not hasattr(KaggleServer, method):
            return self.do_CONNECT()
        if method != "introspect_token" and self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.send_json({"code": 401, "message": "Unauthenticated"}, 401)
        self._answer(method, lambda: getattr(self.server, method)(json.loads(body)))

    def do_PUT(self) -> None:
        """Take a blob, or the rest of it: as Google's resumable uploads do."""
        body, url = self._body(), urlsplit(self.path)
        blob = self.server.blobs.get(url.path.removeprefix("/blobs/"))
        if f"{url.scheme}://{url.netloc}" != STORAGE or blob is None:
            return self.do_CONNECT()
        where = self.headers.get("Content-Range", "bytes 0-")
        fault = self._next_fault("put")
        if fault == "half":
            blob["data"] += body[: len(body) // 2]
            return self.send(503, b"")
        if fault:
            return fault(self, dict)
        if not where.startswith("bytes */"):
            begin = int(where.removeprefix("bytes ").split("-")[0])
            assert begin == len(blob["data"]), "a resumed upload begins where the last one ended"
            blob["data"] += body
        if len(blob["data"]) == blob["length"]:
            return self.send(200, b"{}")
        have = len(blob["data"])
        self.send(308, b"", {"Range": f"bytes=0-{have - 1}"} if have else {})

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        name = url.path.removeprefix("/output/")
        if f"{url.scheme}://{url.netloc}" != STORAGE or name not in self.server.output:
            return self.do_CONNECT()
        self.send(200, self.server.output[name])

    def do_CONNECT(self) -> None:
        self.server.strangers.append(f"{self.command} {self.path}")
        self.send(403, b"not here")

    def _answer(self, method: str, answer: Answer) -> None:
        with self.server.lock:
            fault = self._next_fault(method)
            if fault:
                return fault(self, answer)
            said = answer()
        self.send_json(said, said.get("code", 200))

    def _next_fault(self, method: str) -> Fault | None:
        with self.server.lock:
            self.server.calls[method] += 1
            return self.server.faults[method].pop(0) if self.server.faults[method] else None

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send_json(self, value: dict, status: int = 200) -> None:
        self.send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments) -> None:
        """A test says what it needs to."""


@contextmanager
def kaggle_server() -> Iterator[KaggleServer]:
    server = KaggleServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
