"""What Kaggle or `make` would refuse of a run's config, and models that cannot be had."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import PROJECT
from huggingface_hub import constants

from prompt_recovery.config import RunConfig
from prompt_recovery.config_file import load_toml
from prompt_recovery.engines.hub_reach import silence_of_hub
from prompt_recovery.submit.doctor.settings import check_config, check_models


@pytest.fixture
def configs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where no model was made
    shutil.copytree(PROJECT / "configs", tmp_path / "configs")
    return tmp_path / "configs"


def found(configs, name, *settings):
    run = load_toml(RunConfig, configs / "run" / f"{name}.toml", settings)
    return {one.subject: one for one in check_config(run, configs)}


def states(findings) -> dict[str, str]:
    return {subject: one.state for subject, one in findings.items()}


def test_a_whole_config(configs):
    owned = found(configs, "tiny", "submit.owner=ada")
    assert states(owned) == {"config": "ok", "submit.owner": "ok"}
    assert states(found(configs, "tiny"))["submit.owner"] == "warning"


def test_a_hub_model_that_kaggle_does_not_mount_is_named(configs):
    missing = found(configs, "qwen2.5-32b")
    assert states(missing)["submit.base_source"] == "problem" == states(missing)["submit.embedder_source"]
    assert "Qwen/Qwen2.5-32B-Instruct is no folder here" in missing["submit.base_source"].found
    mounted = found(configs, "mistral-7b", "submit.embedder_source=ada/t5")
    assert states(mounted)["submit.base_source"] == "ok" == states(mounted)["submit.embedder_source"]


def test_a_hub_model_that_does_not_answer_need_not_be_mounted(configs):
    answers_alone = found(configs, "mistral-7b", "recover.tracks=[]")
    assert "submit.embedder_source" not in answers_alone
    own = found(configs, "mistral-7b", "embedder.kind=minilm", f"base.model={configs}", "submit={owner='ada'}")
    assert states(own) == {"config": "ok", "submit.owner": "ok"}


def test_a_name_that_kaggle_refuses_and_a_run_that_is_not_there(configs):
    name = "a-name-that-is-far-too-long-for-a-data-set"
    shutil.copy(configs / "run" / "tiny.toml", configs / "run" / f"{name}.toml")
    long = found(configs, name)["config"]
    assert long.state == "problem" and "Kaggle wants 6-50 characters" in long.found
    alone = found(configs, "tiny", 'generation.adapters=["second"]')["config"]
    assert alone.state == "problem" and "'second': there is no" in alone.found


def test_what_is_missing_is_said_in_the_checks_own_words():
    missing = ["base.model = 'a/b': is gated. Accept.", 'device = "cuda": no CUDA GPU is visible on this machine.']
    hub, base = check_models(missing, None)
    assert (hub.state, base.state, base.subject, base.found) == (
        *("ok", "problem", "base.model"),
        "'a/b': is gated. Accept.",
    )
    assert [one.state for one in check_models(missing[1:], None)] == ["ok", "ok"]
    silent = check_models(missing, "it is off")[0]
    assert silent.state == "warning" and silent.found == "it is off"
    assert check_models([], "it is off")[0].state == "ok"


class _Hub(BaseHTTPRequestHandler):
    def do_HEAD(self):
        if self.server.is_slow:
            self.server.over.wait(5)
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        server.is_slow, server.over = False, threading.Event()
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield server
        server.over.set()
        server.shutdown()


def test_a_hub_that_answers_whatever_is_there(hub):
    assert silence_of_hub(2.0) is None and not constants.HF_HUB_OFFLINE


def test_a_hub_that_is_slow_is_not_waited_for_again(hub):
    hub.is_slow = True
    assert "does not answer within 0.1 s (ReadTimeout)" in silence_of_hub(0.1)
    assert constants.HF_HUB_OFFLINE
    assert silence_of_hub(0.1) == "HF_HUB_OFFLINE is set, so that it is not asked"
