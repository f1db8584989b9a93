"""Replies of a chat server on loopback: in order, under faults, with every complaint that a user may read."""

import logging
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from faulty_server import broken_connection, faulty_server, finish, slow, status
from pydantic import ValidationError

from prompt_recovery.config import ChatServer, Rewriter
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rewriters.rewriting import load_rewriter
from prompt_recovery.data.rewriters.shards import in_turn, keep_in_shards
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.engines.chat_server import load_server_answerer
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

KEY = "sk-Q7/never+to-be-seen"


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def settings(base_url: str, **changes) -> ChatServer:
    values = {"model": "echo", "backoff_seconds": 0.01, "time_limit_seconds": 5.0, "max_attempts": 3}
    return ChatServer(base_url=base_url, **values | changes)


def replies(server, messages, **changes) -> list[Reply]:
    return list(load_server_answerer(settings(server.base_url, **changes))(messages))


def refusal(base_url: str, **changes) -> str:
    with pytest.raises(InputError) as error:
        load_server_answerer(settings(base_url, **changes))
    return str(error.value)


def numbered(count: int) -> list[str]:
    return [f"message {number}" for number in range(count)]


def on(message: str, *faults):
    """A plan: the faults of the first attempts of one message, the last of them for ever."""
    return lambda asked, attempt: faults[min(attempt, len(faults)) - 1] if asked == message else None


def test_replies_come_in_the_order_of_the_messages():
    rng = random.Random(0)
    with faulty_server(lambda message, attempt: slow(rng.uniform(0, 0.02))) as server:
        assert replies(server, numbered(60)) == [Reply(f"echo: message {number}", None) for number in range(60)]
        assert set(server.attempts.values()) == {1}


def test_a_reply_is_there_before_those_after_it_are_done():
    with faulty_server(on("message 9", slow(0.25))) as server:
        answer = load_server_answerer(settings(server.base_url))(numbered(10))
        started = time.monotonic()
        assert [next(answer).text for _ in range(9)] == [f"echo: message {number}" for number in range(9)]
        assert time.monotonic() - started < 0.2
        assert next(answer).text == "echo: message 9"


def test_the_data_stage_gets_a_servers_replies_and_its_failures(tmp_path):
    tasks = {f"id{n}": (Original(f"text {n}", "story", "g"), Prompt("Shout it.", "loud", "shout")) for n in range(9)}
    with faulty_server(on("Shout it.\n\ntext 4", status(400))) as server:
        rewrite = load_rewriter(Rewriter(kind="openai", server=settings(server.base_url)), seed=0)
        found = keep_in_shards(tasks, in_turn(rewrite, 4), folder=tmp_path, rows_per_shard=4)
    assert found.pop("id4") == Reply("", "refused 400")
    assert found == {key: Reply(f"echo: Shout it.\n\n{task[0].text}") for key, task in tasks.items() if key != "id4"}


def test_no_messages_no_replies():
    with faulty_server() as server:
        assert replies(server, []) == []


@pytest.mark.slow
def test_of_200_messages_under_a_mix_of_faults_none_is_lost_doubled_or_out_of_order():
    passing = [status(429), status(429, retry_after="0.05"), status(500), status(502), slow(0.4), broken_connection]
    lasting = {"cut_off": finish("length"), "refused 400": status(400), "empty": finish("stop", " ")}

    def fate(message):
        rng = random.Random(f"6 {message}")
        kind = rng.random()
        return rng.choice(passing) if kind < 0.14 else rng.choice(list(lasting)) if kind < 0.2 else None

    def plan(message, attempt):
        fault = fate(message)
        return lasting.get(fault) or (fault if attempt == 1 else None)

    with faulty_server(plan) as server:
        found = replies(server, numbered(200), time_limit_seconds=0.2, max_attempts=8)
    fates = [fate(message) for message in numbered(200)]
    assert sum(kind is not None for kind in fates) == 40
    assert {kind for kind in fates if isinstance(kind, str)} == set(lasting)
    expected = [
        Reply("", kind) if isinstance(kind, str) else Reply(f"echo: {message}", None)
        for message, kind in zip(numbered(200), fates, strict=True)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("fault", "reason", "attempts"),
    [
        (status(429), "rate_limited", 3),
        (status(500), "server_error 500", 3),
        (status(503), "server_error 503", 3),
        (slow(0.8), "timeout", 3),
        (broken_connection, "broken_connection", 3),
        (status(200, "<html>welcome</html>"), "bad_answer", 3),
        (status(400, "too long"), "refused 400", 1),
        (status(403, "moderated"), "refused 403", 1),
        (finish("length"), "cut_off", 1),
        (finish("content_filter"), "finish_reason content_filter", 1),
        (finish("stop", ""), "empty", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_lasting_fault_is_a_failure_with_its_reason_and_the_others_go_on(fault, reason, attempts):
    with faulty_server(on("message 1", fault)) as server:
        found = replies(server, numbered(4), time_limit_seconds=0.4)
        assert found[1] == Reply("", reason)
        assert [reply.text for reply in found] == ["echo: message 0", "", "echo: message 2", "echo: message 3"]
        assert server.attempts["message 1"] == attempts


def test_attempts_wait_longer_and_longer_up_to_a_bound_drawn_at_random():
    with faulty_server(lambda message, attempt: status(500) if message != "Hello" else None) as server:
        replies(server, numbered(30), backoff_seconds=0.1, max_concurrency=30)
        times = {message: [] for message in numbered(30)}
        for when, _, body in server.requests[1:]:
            times[body["messages"][0]["content"]].append(when)
    first, second = ([after[n + 1] - after[n] for after in times.values()] for n in range(2))
    assert min(first) < 0.08 < max(first) < 0.25  # a busy machine adds to each
    assert 0.1 < max(second) < 0.25


def test_retry_after_holds_back_every_call():
    with faulty_server(on("message 0", status(429, retry_after="0.3"), None)) as server:
        assert [reply.failure for reply in replies(server, numbered(20), backoff_seconds=0.001)] == [None] * 20
        limited = next(when for when, _, body in server.requests if body["messages"][0]["content"] == "message 0")
        later = [when - limited for when, _, _ in server.requests if when > limited]
    assert not [seconds for seconds in later if 0.1 < seconds < 0.29]  # but for those already under way
    assert len([seconds for seconds in later if seconds >= 0.29]) >= 15


LATER = datetime.now(UTC) + timedelta(seconds=4000)


@pytest.mark.parametrize(
    "until",
    ["4000", format_datetime(LATER, usegmt=True), format_datetime(LATER.replace(tzinfo=None))],
    ids=["seconds", "date", "date without a zone"],  # of themselves they would differ between the tests' processes
)
def test_a_pause_of_an_hour_is_the_users_to_wait(until):
    with faulty_server(on("Hello", status(429, "quota", retry_after=until))) as server:
        assert re.search(r"The server asks to wait (4000|39\d\d) s\. Run again after that", refusal(server.base_url))
        assert server.attempts["Hello"] == 1


def test_a_retry_after_that_is_neither_seconds_nor_a_date_is_passed_over():
    with faulty_server(on("message 0", status(429, retry_after="soon"), None)) as server:
        assert replies(server, ["message 0"]) == [Reply("echo: message 0", None)]


def test_concurrency_starts_at_two_and_grows_to_the_maximum_while_all_is_well():
    with faulty_server(lambda message, attempt: slow(0.1)) as server:
        replies(server, numbered(100), max_concurrency=12)
    assert max(server.under_way[:9]) == 2
    assert max(server.under_way) == 12


def test_concurrency_falls_to_what_the_server_has_room_for():
    with faulty_server() as server:
        server.plan = lambda message, attempt: status(429) if server.now_under_way > 4 else slow(0.01)
        found = replies(server, numbered(100), max_concurrency=64, max_attempts=8)
    assert [reply.failure for reply in found] == [None] * 100
    assert sum(server.attempts.values()) < 150


def test_what_was_learnt_serves_the_next_sequence():
    with faulty_server(lambda message, attempt: slow(0.01)) as server:
        answer = load_server_answerer(settings(server.base_url, max_concurrency=8))
        for _ in range(2):
            list(answer(numbered(40)))
            server.under_way.append(0)
    assert max(server.under_way[-40:-30]) > 2


def test_whoever_stops_reading_stops_the_calls():
    with faulty_server(lambda message, attempt: slow(0.02)) as server:
        answer = load_server_answerer(settings(server.base_url))(numbered(500))
        next(answer)
        answer.close()
        time.sleep(0.1)  # for what was sent before
        asked = len(server.requests)
        time.sleep(0.1)
        assert len(server.requests) == asked < 100
    assert not [thread.name for thread in threading.enumerate() if "portal" in thread.name]


def test_the_request_holds_what_the_settings_say():
    with faulty_server() as server:
        replies(server, ["a"], temperature=0.7, seed=5, max_new_tokens=99)
        replies(server, ["b"], length_parameter="max_completion_tokens")
        bodies = {body["messages"][0]["content"]: body for _, _, body in server.requests}
    message = {"role": "user", "content": "a"}
    assert bodies["a"] == {"model": "echo", "messages": [message], "temperature": 0.7, "seed": 5, "max_tokens": 99}
    assert bodies["b"]["max_completion_tokens"] == 512
    assert not {"seed", "max_tokens"} & set(bodies["b"])
    assert bodies["Hello"]["max_completion_tokens"] == 16


# what concerns all calls


def test_no_server_is_said_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        started = time.monotonic()
        message = refusal(base_url, backoff_seconds=10.0)
    assert time.monotonic() - started < 2
    assert message.startswith(f"base_url {base_url}, model echo: unreachable: ")
    assert message.endswith("Start the server, or mend base_url (a local one is often like http://127.0.0.1:8000/v1).")


@pytest.mark.parametrize(
    ("fault", "found", "advice"),
    [
        (status(401, "who?"), "refused 401: who?", "No key was sent: the environment variable OPENAI_API_KEY is not"),
        (status(402, "pay"), "refused 402: pay", "Add credit with the provider"),
        (status(429, '{"code": "insufficient_quota"}'), "insufficient_quota", "Add credit with the provider"),
        (status(404, "no model"), "refused 404: no model", "one that the server has (it lists: echo, parrot)"),
        (status(400, "no chat\n template"), "refused 400: no chat template", 'Even "Hello" was refused: choose a chat'),
        (status(429), "rate_limited: no more was said", "lower max_concurrency"),
        (status(500, "oops"), "server_error 500: oops", "is it a chat model?"),
        (status(200, "<html>hi</html>"), "bad_answer: <html>hi</html>", "all that comes before /chat/completions?"),
        (status(307, location="http://127.0.0.1:9/"), "refused 307", "all that comes before /chat/completions?"),
        (slow(0.2), "timeout: no answer within time_limit_seconds = 0.1", "Raise time_limit_seconds"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_trivial_message_that_fails_is_an_error_that_says_what_to_do(fault, found, advice):
    with faulty_server(on("Hello", fault)) as server:
        message = refusal(server.base_url, time_limit_seconds=0.1)
        assert message.startswith(f"base_url {server.base_url}, model echo: ")
        assert found in message and advice in message


def test_a_trivial_message_may_be_answered_at_length_and_on_the_second_attempt():
    with faulty_server(on("Hello", status(503, "loading the model"), finish("length"))) as server:
        assert replies(server, ["a"]) == [Reply("echo: a", None)]


@pytest.mark.parametrize("fault", [status(401), status(402), status(404), status(429, retry_after="9999")])
def test_an_end_for_all_calls_comes_after_the_replies_that_are_done(fault):
    found = []
    with faulty_server(on("message 30", fault)) as server:
        answer = load_server_answerer(settings(server.base_url, max_concurrency=2))
        with pytest.raises(InputError, match=f"base_url {server.base_url}, model echo: "):
            found.extend(answer(numbered(300)))
        assert len(server.requests) < 50
    assert [reply.text for reply in found] == [f"echo: message {number}" for number in range(len(found))]
    assert 20 < len(found) <= 30  # one other call was under way


def test_a_server_that_is_gone_ends_the_calls_when_twenty_in_a_row_have_failed():
    with faulty_server() as server:
        answer = load_server_answerer(settings(server.base_url, backoff_seconds=0.001))
    found = []
    with pytest.raises(InputError, match=r"unreachable: .*Start the server"):
        found.extend(answer(numbered(300)))
    assert set(found) <= {Reply("", "unreachable")}


# the key


def traceback_with_locals(error: pytest.ExceptionInfo) -> list[str]:
    """The traceback of an error and of its causes below the test, with the values of all variables."""
    below = error.value.with_traceback(error.tb.tb_next)
    return list(traceback.TracebackException.from_exception(below, capture_locals=True).format())


def test_the_key_is_sent_and_none_where_there_is_none(monkeypatch):
    with faulty_server() as server:
        replies(server, ["a"])
        monkeypatch.setenv("OTHER_KEY", f" {KEY}\n")
        replies(server, ["a"], api_key_variable="OTHER_KEY")
        sent = [headers.get("Authorization") for _, headers, _ in server.requests]
    assert sent == [None, None, f"Bearer {KEY}", f"Bearer {KEY}"]


@pytest.mark.parametrize("code", [401, 403])
def test_the_key_is_in_no_error_log_traceback_or_repr(code, monkeypatch, caplog, capfd):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    echo = status(code, "x" * 270 + f" wrong key: {KEY}")
    with faulty_server() as server:
        answer = load_server_answerer(settings(server.base_url))
        server.plan = lambda message, attempt: echo
        with pytest.raises(InputError) as error:
            load_server_answerer(settings(server.base_url))
        rest = answer(["a"])
        if code == 401:
            with pytest.raises(InputError):
                list(rest)
        else:
            assert list(rest) == [Reply("", "refused 403")]
    printed = capfd.readouterr()
    everything = [repr(error.value), *traceback_with_locals(error), repr(answer), caplog.text, *printed]
    assert not [text for text in everything if KEY[:8] in text]
    assert "The key in the environment variable OPENAI_API_KEY was refused" in str(error.value)
    assert "POST" in caplog.text  # there were logs to look into


@pytest.mark.parametrize("key", [f"{KEY}\nX-Evil: 1", f"“{KEY}”"])
def test_a_key_that_cannot_be_sent_is_refused_unseen(key, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(InputError, match="OPENAI_API_KEY: the key in this environment variable holds") as error:
        load_server_answerer(settings("http://127.0.0.1:9/v1"))
    assert not [text for text in traceback_with_locals(error) if KEY[:8] in text]


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "127.0.0.1:8000"},
        {"base_url": "http://user:word@host/v1"},
        {"base_url": "http://host/v1?key=1"},
        {"api_key_variable": KEY},
        {"time_limit_seconds": 0},
        {"temperature": -1},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(change):
    with pytest.raises(ValidationError):
        ChatServer(**{"base_url": "http://127.0.0.1:8000/v1", "model": "m"} | change)


def test_an_address_that_is_none_is_named():
    with pytest.raises(InputError, match="base_url http://host:port/v1: is no address"):
        load_server_answerer(settings("http://host:port/v1"))


# a real server: `transformers serve` with a small random chat model


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """-> base_url of a real server process, folder of a chat model, folder of the same model without a template.

    The template is one that writes no date: the server writes today's, this project always the same.
    """
    from small_models import make_model_folder

    folders = [make_model_folder("mistral", tmp_path_factory.mktemp(name)) for name in ("chat", "plain")]
    talk_and_stop(folders[0])
    (folders[1] / "chat_template.jinja").unlink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("transformers"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--device", "cpu"], env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/v1", *folders
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_healthy(url: str, process: subprocess.Popen) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(url)


def talk_and_stop(folder: Path) -> None:
    """Widen the random weights so that answers differ, and let every fifth piece end one."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(10)
    model.generation_config.eos_token_id = list(range(300, len(tokenizer), 5))
    model.save_pretrained(folder)


def said_alone(folder: Path, messages: list[str], max_new_tokens: int) -> list[Reply]:
    """What the same model says without a server, one message at a time."""
    from prompt_recovery.config import Chat
    from prompt_recovery.engines.chat import ChatFormat
    from prompt_recovery.engines.language_model import generate, load_language_model, resolve_device
    from prompt_recovery.engines.tokenizer import load_tokenizer

    tokenizer, model = load_tokenizer(str(folder)), load_language_model(str(folder), device=resolve_device("cpu"))
    chat = ChatFormat(tokenizer, Chat())
    options = {
        "tokenizer": tokenizer,
        "stop_ids": model.generation_config.eos_token_id,
        "max_new_tokens": max_new_tokens,
    }
    said = [generate(model, [chat.message(message)], **options)[0] for message in messages]
    return [Reply(one.text) if one.finished else Reply("", "cut_off") for one in said]


MESSAGES = [f"Make it {way}: {text}" for way in ("short", "long", "a poem") for text in "the kettle sang".split()] * 3


@pytest.mark.slow
def test_a_real_server_gives_each_message_the_answer_of_its_model(served):
    base_url, chat, _ = served
    limits = {"max_new_tokens": 24, "time_limit_seconds": 60.0}
    found = list(load_server_answerer(settings(base_url, model=str(chat), **limits))(MESSAGES))
    assert found == said_alone(chat, MESSAGES, 24)
    assert len({reply.text for reply in found}) > 3


@pytest.mark.slow
def test_faults_in_front_of_a_real_server_change_no_answer(served):
    base_url, chat, _ = served
    limits = {"max_new_tokens": 24, "time_limit_seconds": 60.0, "max_attempts": 8}
    undisturbed = list(load_server_answerer(settings(base_url, model=str(chat), **limits))(MESSAGES))
    rng = random.Random(3)
    faults = [status(429), status(429, retry_after="0.1"), status(500), slow(1.0), broken_connection]
    with faulty_server(lambda *_: rng.choice(faults) if rng.random() < 0.2 else None, behind=base_url) as proxy:
        found = replies(proxy, MESSAGES, model=str(chat), **limits | {"time_limit_seconds": 5.0})
        assert sum(proxy.attempts.values()) > len(MESSAGES) + 3
    assert found == undisturbed


@pytest.mark.slow
def test_a_real_server_without_the_model_or_with_one_that_is_no_chat_model_is_an_error(served):
    base_url, _, plain = served
    for model in (str(plain), "nobody/nothing"):
        # one attempt: after its 500 the server hangs up, and another that comes at once may find a dead connection
        message = refusal(base_url, model=model, max_attempts=1)
        assert message.startswith(f"base_url {base_url}, model {model}: server_error 500: Internal Server Error.")
        assert "does it have this model, and is it a chat model?" in message
