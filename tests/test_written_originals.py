"""Originals that a chat model writes: what it is asked for, what is dropped, how long it is asked."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from random import Random

import pytest
from conftest import PROJECT
from faulty_server import faulty_server, finish

from prompt_recovery.config import ChatServer, DataConfig, Originals, OriginalSource, Rewriter
from prompt_recovery.config_file import validate
from prompt_recovery.data.rewriters.chat_models import ChatModels
from prompt_recovery.data.rewriters.writing import writer_in_shards
from prompt_recovery.data.texts.text_sources import collect_originals
from prompt_recovery.data.texts.written_originals import Specification, distinct_specifications, text_or_reason
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

WRITTEN = OriginalSource(kind="written")
ASKED = Specification("e-mail to a colleague", "a fire drill", "in a formal tone", 20)
BODY = "The fire drill takes place on Tuesday at ten. Please leave the building by the stairs and meet in the yard."


def essay(message: str) -> str:
    """Write to the specification, in words that no other specification gets."""
    kind, topic, words, trait = (re.search(rf"^{name}: (.*)$", message, re.M)[1] for name in
                                 ("Kind of text", "Topic", "Length", "Characteristic"))  # fmt: skip
    sentence = f"This {kind} about {topic} is {words} long and {trait}. "
    return sentence * (int(words.split()[1]) // len(sentence.split()) + 1)


class Writer:
    """A writer that notes what it is asked; `spoils` puts another reply in the place of some."""

    def __init__(self, spoils=lambda number: None):
        self.asked: list[str] = []
        self.rounds: list[int] = []
        self.spoils = spoils

    def __call__(self, messages):
        self.rounds.append(len(messages))
        replies = []
        for message in messages:
            replies.append(self.spoils(len(self.asked)) or Reply(essay(message)))
            self.asked.append(message)
        return replies


def collect(write, *sources: OriginalSource, count: int = 60, seed: int = 0, max_words: int = 120):
    return collect_originals(Originals(count=count, max_words=max_words, sources=sources or (WRITTEN,)), seed, write)


def complaint(write, *sources: OriginalSource, **options) -> str:
    with pytest.raises(InputError) as error:
        collect(write, *sources, **options)
    return str(error.value)


def test_every_specification_is_another_and_of_one_of_hundreds_of_kinds_with_topics():
    drawn = list(islice(distinct_specifications(WRITTEN, 350, Random(0)), 5_000))
    assert len(set(drawn)) == 5_000
    assert len({(one.kind, one.topic) for one in drawn}) > 1_000
    assert len({one.kind for one in drawn}) >= 30 and len({one.topic for one in drawn}) >= 80
    assert len({one.characteristic for one in drawn}) >= 25
    assert (min(one.words for one in drawn), max(one.words for one in drawn)) == (20, 350)
    kinds = Counter(one.kind for one in drawn).values()
    assert max(kinds) < 2 * min(kinds)


def test_a_kind_has_topics_that_suit_it_and_ones_own_kind_has_all():
    source = OriginalSource(kind="written", kinds=("recipe", "sermon"))
    topics = {kind: set() for kind in source.kinds}
    for one in islice(distinct_specifications(source, 60, Random(0)), 9_000):
        topics[one.kind].add(one.topic)
    assert "lentil soup" in topics["recipe"] and "black holes" not in topics["recipe"]
    assert {"lentil soup", "black holes"} < topics["sermon"]


def test_the_lists_of_the_settings_take_the_place_of_the_projects():
    source = OriginalSource(
        kind="written",
        kinds=("ode", "ode"),
        topics=("tea", "mud", "tea"),
        characteristics=("in rhyme",) * 2,
        max_words=35,
    )
    drawn = list(distinct_specifications(source, 90, Random(0)))
    expected = {Specification("ode", topic, "in rhyme", words) for topic in ("tea", "mud") for words in (20, 30)}
    assert len(drawn) == 4 and set(drawn) == expected


def test_the_message_holds_the_whole_specification():
    for part in ("e-mail to a colleague", "a fire drill", "in a formal tone", "about 20 words"):
        assert part in ASKED.message


def test_the_texts_are_originals_of_their_kind_one_group_a_kind_and_topic():
    originals, dropped = collect(Writer(), count=400)
    assert dropped == {} and len({original.text for original in originals}) == 400
    for original in originals:
        assert original.text.startswith(f"This {original.source} about ")
        assert len(original.text.split()) <= 120
    about = {original.group: original.text.split(" is ")[0] for original in originals}
    assert len(set(about.values())) == len(about) < 400


def test_the_same_seed_asks_for_the_same_texts_and_another_for_others():
    first, again, other = Writer(), Writer(), Writer()
    assert collect(first) == collect(again)
    collect(other, seed=1)
    assert first.asked == again.asked
    assert len(set(first.asked) & set(other.asked)) < 5


def test_what_is_dropped_is_counted_and_asked_for_anew_until_there_are_enough():
    refusal = Reply("I am sorry, but I cannot help with this request.")
    spoilt = {
        3: refusal,
        4: Reply("", "cut_off"),
        9: Reply("Sure thing, soon."),
        61: Reply(" "),
        7: Reply("a\0b c d e"),
    }
    writer = Writer(spoilt.get)
    originals, dropped = collect(writer)
    assert len(originals) == 60
    assert writer.rounds == [60, 4, 1]
    assert dropped == {"refusal": 1, "failed: cut_off": 1, "too_short": 1, "empty": 1, "control_character": 1}
    assert collect(Writer())[0][:3] == originals[:3]


def test_a_copy_of_any_sources_text_is_a_duplicate():
    table = collect(Writer(), count=1)[0][0].text
    writer = Writer(lambda number: Reply(table) if number in (0, 7) else None)
    originals, dropped = collect(writer, OriginalSource(kind="own"), WRITTEN, count=40)
    assert dropped == {"duplicate": 1}
    assert [original.source for original in originals[:20]] == [
        o.source for o in collect(None, OriginalSource(kind="own"), count=20)[0]
    ]


def test_a_writer_that_always_refuses_is_found_out_after_a_hundred_texts():
    writer = Writer(lambda number: Reply("I cannot fulfill this request."))
    message = complaint(writer, OriginalSource(kind="own"), WRITTEN, count=10_000)
    assert len(writer.asked) == 100
    assert (
        "originals.sources.1 (written): 0 usable texts, 5000 wanted by its weight; of 100 that were written" in message
    )
    assert "{'refusal': 100}, for example 'I cannot fulfill" in message and "another model in [writer]" in message


def test_lists_that_are_too_short_are_named_when_they_are_used_up():
    source = OriginalSource(kind="written", kinds=("ode",), topics=("tea",), max_words=50)
    message = complaint(Writer(lambda number: Reply("", "timeout") if number == 5 else None), source, count=200)
    assert "127 usable texts, 200 wanted" in message and "{'failed: timeout': 1}" in message
    assert "No specification is left: add kinds, topics or characteristics" in message


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (f"Sure, here is the e-mail:\n\n{BODY}", BODY),
        (f"Here is an e-mail to a colleague about a fire drill:\n\n{BODY}", BODY),
        (f"**Here's a text of 20 words:**\n{BODY}", BODY),
        (f"Here is what to do:\n{BODY}", f"Here is what to do:\n{BODY}"),
        (f"Dear Ms Orr,\r\n\r\n\r\n{BODY}", f"Dear Ms Orr,\n\n{BODY}"),
        (f"{BODY}\n\n(Word count: 21)", BODY),
        (f"{BODY}\n\n**Word Count:** 21 words", BODY),
        (BODY + " Bring nothing with you." * 20, BODY + " Bring nothing with you." * 2),
    ],
)
def test_a_reply_is_mended(reply, text):
    assert text_or_reason(ASKED, Reply(reply), 30) == (text, None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"originals": {"sources": [{"kind": "own", "kinds": ["ode"]}]}}, 'expected no kinds with kind = "own"'),
        ({"originals": {"sources": [{"kind": "written", "path": "x"}]}}, 'no path with kind = "written", which does'),
        ({"originals": {"sources": [{"kind": "written", "kinds": [""]}]}}, "sources.0.kinds.0: found ''"),
        ({"originals": {"sources": [{"kind": "written", "max_words": 400}]}}, "sources.0.max_words: found 400"),
        (
            {"originals": {"sources": [{"kind": "written", "min_words": 90, "max_words": 80}]}},
            "sources.0: expected max_words of at least min_words, 90.",
        ),
        (
            {"originals": {"max_words": 50, "sources": [{"kind": "written", "max_words": 80}]}},
            "originals: expected max_words of at least 80, as sources.0 asks for",
        ),
        (
            {"originals": {"sources": [{"kind": "own"}, {"kind": "written"}]}},
            'expected a chat model in a section [writer] (kind = "transformers" or "openai") for originals.sources.1: '
            "rules cannot write. Or leave originals.sources.1 out.",
        ),
        (
            {"writer": {"batch_size": 4}, "originals": {"sources": [{"kind": "written"}]}},
            "expected a chat model in a section [writer]",
        ),
        ({"writer": {"kind": "transformers"}}, "writer: expected rewriter.model with kind"),
    ],
)  # fmt: skip
def test_a_faulty_setting_says_what_is_expected(settings, message):
    with pytest.raises(InputError) as error:
        validate(DataConfig, {"name": "x", **settings}, where="x.toml")
    assert message in str(error.value)


def test_the_writer_is_the_rewriter_unless_another_is_named():
    chat = {"kind": "transformers", "model": "m"}
    written = {"name": "x", "originals": {"sources": [{"kind": "written"}]}}
    assert validate(DataConfig, {**written, "rewriter": chat}, where="x").writes_with.model == "m"
    apart = validate(DataConfig, {**written, "writer": chat}, where="x")
    assert (apart.writes_with.model, apart.rewriter.kind) == ("m", "rules")


KILLED = """
import sys
from pathlib import Path
from prompt_recovery.config import Originals, OriginalSource, Rewriter
from prompt_recovery.data.rewriters.chat_models import ChatModels
from prompt_recovery.data.texts.text_sources import collect_originals
from prompt_recovery.data.rewriters.writing import writer_in_shards
settings = Rewriter.model_validate_json(sys.argv[1])
write = writer_in_shards(settings, ChatModels().answerer(settings), Path(sys.argv[2]))
collect_originals(Originals(count=60, max_words=120, sources=(OriginalSource(kind="written"),)), 0, write)
"""


def answered(message: str):
    return finish("stop", essay(message) if "Topic" in message else "Hello!")


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_and_asks_a_server_for_nothing_twice_that_is_on_disk(tmp_path):
    with faulty_server(
        lambda message, attempt: lambda handler: (time.sleep(0.05), answered(message)(handler))
    ) as server:
        chat = ChatServer(base_url=server.base_url, model="echo", max_concurrency=2)
        settings = Rewriter(kind="openai", server=chat, rows_per_shard=5)
        command = [sys.executable, "-c", KILLED, settings.model_dump_json(), str(tmp_path / "shards")]
        child = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(PROJECT / "src")}, stderr=subprocess.DEVNULL
        )
        while len(list(tmp_path.glob("shards/*.parquet"))) < 4:
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        on_disk = 5 * len(list(tmp_path.glob("shards/*.parquet")))
        write = writer_in_shards(settings, ChatModels().answerer(settings), tmp_path / "shards")
        assert collect(write) == collect(Writer())
        times = Counter(server.attempts)
        assert 20 <= on_disk < 60
        assert sum(asked == 2 for message, asked in times.items() if "Topic" in message) <= 10  # those of one shard
        assert times.total() <= 60 + 2 + 10


@pytest.mark.slow
def test_a_chat_model_writes_and_its_texts_are_kept(tmp_path, model_folder):
    settings = Rewriter(kind="transformers", model=str(model_folder("gemma2")), device="cpu", max_new_tokens=3)
    message = complaint(writer_in_shards(settings, ChatModels().answerer(settings), tmp_path), count=24)
    assert "0 usable texts, 24 wanted by its weight; of 24 that were written these were dropped:" in message
    idle = ChatModels(lambda settings: pytest.fail("a model was loaded though all is on disk"))
    assert complaint(writer_in_shards(settings, idle.answerer(settings), tmp_path), count=24) == message
