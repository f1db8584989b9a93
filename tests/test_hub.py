"""Models that the hub does not give, at a hub that is a server on loopback: what a user reads of it."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import PROJECT

pytestmark = pytest.mark.slow  # each starts a process that imports transformers or the hub's client

ANSWERS = {  # name of the model: status and error code, as the real hub gives them
    "gated": (401, "GatedRepo"),
    "not-yet-accepted": (403, "GatedRepo"),
    "missing": (401, "RepoNotFound"),
    "no-such-revision": (404, "RevisionNotFound"),
    "bad-token": (401, None),
    "gone": (410, None),
}
SAID = {
    "gated": "is gated. Accept its licence at {endpoint}/owner/gated and set HF_TOKEN to a token of the account",
    "not-yet-accepted": "is gated. Accept its licence at {endpoint}/owner/not-yet-accepted and set HF_TOKEN",
    "missing": "the hub has no such model, or a private one. Look at the spelling (owner/model), or set HF_TOKEN",
    "no-such-revision": "the hub has the model, but no such revision. Set base.revision to a branch",
    "bad-token": "the hub refuses it (401). Set HF_TOKEN to a valid token that may read it.",
    "gone": "not in the cache, and the hub does not give it (",
}


class Hub(BaseHTTPRequestHandler):
    def do_HEAD(self):
        code, reason = next(answer for name, answer in ANSWERS.items() if f"/owner/{name}/" in self.path)
        self.send_response(code)
        if reason:
            self.send_header("X-Error-Code", reason)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *_):
        pass


@pytest.fixture
def environment(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        yield os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
        server.shutdown()


def test_a_base_that_cannot_be_loaded_says_why_and_what_to_do(environment):
    code = (
        "import sys\n"
        "from prompt_recovery.engines.tokenizer import InputError, load_tokenizer\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        load_tokenizer(f'owner/{name}')\n"
        "    except InputError as error:\n        print(error)\n"
    )
    command = [sys.executable, "-c", code, *ANSWERS]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    for line, (name, said) in zip(printed, SAID.items(), strict=True):
        assert line.startswith(f"owner/{name}: cannot be loaded: " + said.format(endpoint=environment["HF_ENDPOINT"]))


def test_the_first_command_finds_a_gated_base_before_any_data_are_made(environment, tmp_path):
    (tmp_path / "configs").symlink_to(PROJECT / "configs")
    models = ["base.model=owner/gated", "embedder.model=owner/missing", "device=cpu"]
    command = [sys.executable, PROJECT / "scripts/configure.py", "--run", "mistral-7b", "--set", *models]
    command += ["--set-data", "rewriter.model=owner/bad-token", "rewriter.device=cpu"]
    finished = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert finished.returncode == 2
    for key, name in (("base", "gated"), ("embedder", "missing"), ("rewriter", "bad-token")):
        said = SAID[name].format(endpoint=environment["HF_ENDPOINT"])
        assert f"{key}.model = 'owner/{name}': {said}" in finished.stderr
    assert not (tmp_path / "data").exists() and not (tmp_path / "runs").exists()
