"""A chat model that writes: loaded once and late, asked once for each message, whatever kills it."""

import pytest
from conftest import PROJECT

from prompt_recovery.config import ChatServer, DataConfig, Rewriter, RunConfig
from prompt_recovery.config_file import load_toml
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rewriters.chat_models import ChatModels
from prompt_recovery.data.rewriters.rewriting import load_rewriter
from prompt_recovery.data.rewriters.writing import message_id, writer_in_shards
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.engines.reply import Reply
from prompt_recovery.engines.requirements_check import missing_requirements

LARGE = Rewriter(kind="transformers", model="large", rows_per_shard=3)
SMALL = Rewriter(kind="transformers", model="small")
SERVER = Rewriter(kind="openai", server=ChatServer(base_url="http://127.0.0.1:1/v1", model="large"))
MESSAGES = [f"message {n}" for n in range(8)]


class Loader:
    """Loads models that answer with their name and the message, and notes what it was asked."""

    def __init__(self):
        self.loaded: list[str] = []
        self.asked: list[str] = []

    def __call__(self, settings):
        self.loaded.append(settings.name)

        def answer(messages):
            for message in messages:
                self.asked.append(message)
                yield Reply("", "timeout") if message == "message 5" else Reply(f"{settings.name}: {message}")

        return answer


def test_a_model_is_loaded_when_it_is_first_asked_and_once_for_all_who_share_it():
    loader = Loader()
    models = ChatModels(loader)
    write = models.answerer(LARGE)
    rewrite = load_rewriter(LARGE, seed=0, load=models.answerer)
    assert loader.loaded == []
    assert list(write(["a"])) == [Reply("large: a")]
    assert list(rewrite([(Original("text", "a", "g"), Prompt("Shout it.", "f", "p"))])) == [
        Reply("large: Shout it.\n\ntext")
    ]
    assert loader.loaded == ["large"]


def test_another_model_takes_the_place_of_the_first_which_is_let_go_before():
    held = []

    class Model:
        def __init__(self, settings):
            held.append(settings.name)

        def __call__(self, messages):
            return iter([Reply(held[-1]) for _ in messages])

        def __del__(self):
            held.append("gone")

    models = ChatModels(Model)
    first, second = models.answerer(LARGE), models.answerer(SMALL)
    assert [reply.text for reply in (*first(["a"]), *second(["a"]), *second(["b"]))] == ["large", "small", "small"]
    assert held == ["large", "gone", "small"]


def test_rules_need_no_model():
    loader = Loader()
    load_rewriter(Rewriter(), seed=0, load=loader)
    assert loader.loaded == []


def test_replies_come_in_the_order_of_the_messages_and_a_second_run_loads_nothing(tmp_path):
    replies = writer_in_shards(LARGE, ChatModels(Loader()).answerer(LARGE), tmp_path)(MESSAGES)
    assert replies[:2] == [Reply("large: message 0"), Reply("large: message 1")]
    assert replies[5] == Reply("", "timeout")
    idle = Loader()
    again = writer_in_shards(LARGE, ChatModels(idle).answerer(LARGE), tmp_path)
    assert again(MESSAGES) == replies and again(MESSAGES[3:5]) == replies[3:5]
    assert idle.loaded == []


@pytest.mark.parametrize("dies_at", range(8))
def test_a_writer_that_died_anywhere_goes_on_and_ends_as_the_undisturbed_one(tmp_path, dies_at):
    loader = Loader()
    answer = loader(LARGE)

    def dies(messages):
        for message, reply in zip(messages, answer(messages), strict=True):
            if message == MESSAGES[dies_at]:
                raise KeyboardInterrupt
            yield reply

    with pytest.raises(KeyboardInterrupt):
        writer_in_shards(LARGE, dies, tmp_path)(MESSAGES)
    loader.asked.clear()
    undisturbed = writer_in_shards(LARGE, Loader()(LARGE), tmp_path / "other")(MESSAGES)
    assert writer_in_shards(LARGE, answer, tmp_path)(MESSAGES) == undisturbed
    assert loader.asked == MESSAGES[dies_at // 3 * 3 :]  # whole shards are not done again


def test_a_failure_is_asked_again_on_request_alone(tmp_path):
    writer_in_shards(LARGE, Loader()(LARGE), tmp_path)(MESSAGES)

    def mended(messages):
        return (Reply(f"mended: {message}") for message in messages)

    assert writer_in_shards(LARGE, mended, tmp_path)(MESSAGES)[5] == Reply("", "timeout")
    again = writer_in_shards(LARGE, mended, tmp_path, retry_failures=True)(MESSAGES)
    assert (again[4], again[5]) == (Reply("large: message 4"), Reply("mended: message 5"))


def test_what_one_model_wrote_is_not_taken_for_anothers(tmp_path):
    writer_in_shards(LARGE, Loader()(LARGE), tmp_path)(MESSAGES)
    for other in (SMALL, SERVER, LARGE.model_copy(update={"max_new_tokens": 900})):
        loader = Loader()
        writer_in_shards(other, loader(other), tmp_path)(MESSAGES[:1])
        assert loader.asked == MESSAGES[:1], other
    assert message_id("a", "b") != message_id("a", "c") != message_id("ab", "")


def test_a_writer_that_cannot_be_had_is_missing_before_the_first_stage():
    run = load_toml(RunConfig, PROJECT / "configs" / "run" / "tiny.toml")
    data = DataConfig(name="x", writer=Rewriter(kind="transformers", model="no such/model/here"))
    (sentence,) = missing_requirements(run, data)
    assert sentence.startswith("writer.model = 'no such/model/here': is neither a model folder nor a hub id")
