"""Prompts of the project, of a user's lists and of a chat model: what is taken, what is dropped, what is refused."""

import json
from collections import Counter

import pandas as pd
import pytest
from conftest import PROJECT

from prompt_recovery.config import DataConfig, PromptFile, Prompts
from prompt_recovery.config_file import validate
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.prompts.prompt_grammar import project_prompts
from prompt_recovery.data.prompts.prompt_sources import collect_prompts
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

REAL_PROMPTS = PROJECT.parent / "shared" / "data" / "rewrite_prompts_mit.json"
TEXTS = ["Make it a poem.", "  Turn this\n into  a \tlimerick. ", "Shorten it."]
TIDY = ["Make it a poem.", "Turn this into a limerick.", "Shorten it."]


def listed(*paths, **settings):
    files = tuple(PromptFile(path=str(path)) for path in paths)
    return collect_prompts(Prompts(kind="none", files=files, **settings), seed=0)


def write(texts, path, column="rewrite_prompt") -> None:
    frame = pd.DataFrame({column: texts, "unread": 0.5})
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif path.suffix == ".json":
        path.write_text("\ufeff" + json.dumps(texts), encoding="utf-8")
    else:
        path.write_text("\ufeff" + "\r\n".join(text.replace("\n", " ") for text in texts), encoding="utf-8")


@pytest.mark.parametrize("name", ["p.csv", "p.parquet", "p.jsonl", "p.json", "p.txt"])
def test_every_kind_of_list_gives_the_same_prompts_without_a_family(tmp_path, name):
    write(TEXTS, tmp_path / name)
    assert listed(tmp_path / name) == ([Prompt(text, "", "", 1.0) for text in TIDY], {})


def test_a_column_has_the_name_that_it_is_given(tmp_path):
    write(TEXTS, tmp_path / "p.csv", column="wish")
    file = PromptFile(path=str(tmp_path / "p.csv"), column="wish")
    prompts, _ = collect_prompts(Prompts(kind="none", files=(file,)), seed=0)
    assert [prompt.text for prompt in prompts] == TIDY
    with pytest.raises(InputError, match=r"p.csv: no column rewrite_prompt; found: wish, unread."):
        listed(tmp_path / "p.csv")


def test_what_is_dropped_is_counted_by_reason(tmp_path):
    texts = [
        *TEXTS,
        None,
        " ",
        "...",
        "make IT a poem!",
        "Nul \0 in it.",
        "word " * 60,
        "much " * 61,
        "Cut \ud83d off.",
    ]
    (tmp_path / "p.json").write_text(json.dumps(texts))
    prompts, dropped = listed(tmp_path / "p.json")
    assert [prompt.text for prompt in prompts] == [*TIDY, "word " * 59 + "word"]
    assert dropped == {
        "listed: empty": 3,
        "listed: duplicate": 1,
        "listed: control_character": 2,
        "listed: too_long": 1,
    }
    assert listed(tmp_path / "p.json", max_words=3)[1]["listed: too_long"] == 5


def test_of_two_files_and_the_projects_own_the_first_keeps_what_they_share(tmp_path):
    own = project_prompts(Prompts())
    write([own[0].text.upper(), "Make it a poem about my cat."], tmp_path / "a.txt")
    write(["Make it a poem about my cat!", "Make it a poem about my dog."], tmp_path / "b.json")
    files = tuple(PromptFile(path=str(tmp_path / name)) for name in ("a.txt", "b.json"))
    prompts, dropped = collect_prompts(Prompts(files=files), seed=0)
    assert tuple(prompts[: len(own)]) == own
    assert [prompt.text for prompt in prompts[len(own) :]] == [
        "Make it a poem about my cat.",
        "Make it a poem about my dog.",
    ]
    assert dropped == {"listed: duplicate": 2}


def test_without_lists_the_prompts_are_the_projects_own_as_ever():
    assert collect_prompts(Prompts(), seed=0) == (list(project_prompts(Prompts())), {})


def test_variations_are_of_the_lists_too_and_of_their_sources_family(tmp_path):
    write(TEXTS, tmp_path / "p.txt")
    settings = Prompts(kind="none", files=(PromptFile(path=str(tmp_path / "p.txt")),), variations=("formal", "longer"))

    def write_variations(messages):
        requests = [message.split("Request: ")[1] for message in messages]
        return [Reply(f"Kindly {text.lower()[:-1]} for me, will you, number {n}?") for n, text in enumerate(requests)]

    prompts, dropped = collect_prompts(settings, seed=0, write=write_variations)
    assert [prompt.text for prompt in prompts[:3]] == TIDY and dropped == {}
    assert [prompt.text for prompt in prompts[3:5]] == [
        "Kindly make it a poem for me, will you, number 0?",
        "Kindly make it a poem for me, will you, number 1?",
    ]
    assert {(prompt.family, prompt.phrasing == prompt.text, prompt.weight) for prompt in prompts[3:]} == {
        ("", True, 0.5)
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.json", b'{"prompts": []}', "p.json: expected a list of texts, found dict."),
        ("p.json", b'["Shorten it.", 3]', "p.json, entry 1, from 0: expected text, found 3."),
        ("p.json", b'["Shorten it.",', "p.json: is not JSON (Expecting value: line 1"),
        ("p.json", b"[]", "p.json: has no usable prompt; dropped: {}."),
        ("p.json", '["Résumé"]'.encode("latin-1"), "p.json: is not UTF-8: see the byte at offset 3."),
        ("p.txt", b"", "p.txt: has no usable prompt"),
        ("p.txt", b"\n \n...\n", "p.txt: has no usable prompt; dropped: {'empty': 3}. Add some, or leave it out."),
        ("p.txt", "Résumé".encode("latin-1"), "p.txt: is not UTF-8: see the byte at offset 1."),
        ("p.csv", b"rewrite_prompt\nR\xe9sum\xe9 it.\n", "p.csv: is not UTF-8: see the byte at offset 16."),
        ("p.csv", b"", "p.csv: is empty, expected a header line"),
        ("p.csv", b"rewrite_prompt\n", "p.csv: has no rows"),
        ("p.jsonl", b'{"prompt": "Shorten it."}', "p.jsonl, line 1: no column rewrite_prompt; found: prompt."),
    ],
)
def test_a_bad_list_is_refused_by_name(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        listed(tmp_path / name)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["none.txt", "none.csv"])
def test_a_list_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(InputError, match=rf"{name}: no such file. Put your file there"):
        listed(tmp_path / name)
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(InputError, match=r"folder.txt: cannot be read \(Is a directory\)"):
        listed(tmp_path / "folder.txt")


CHAT = {"kind": "transformers", "model": "m"}
LIST = {"path": "p.txt"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prompts": {"kind": "none"}, "rewriter": CHAT}, "prompts: expected at least one [[prompts.files]] with kind"),
        ({"prompts": {"files": [LIST]}}, "prompts of prompts.files have no rule. Or choose a chat model in [rewriter]"),
        ({"prompts": {"kind": "all"}}, 'the prompts of prompts.kind = "all" have no rule'),
        ({"prompts": {"variations": ["formal"]}, "writer": CHAT}, "the prompts of prompts.variations have no rule"),
        (
            {"prompts": {"variations": ["formal"]}, "rewriter": CHAT, "writer": {}},
            'expected a chat model in a section [writer] (kind = "transformers" or "openai") for prompts.variations',
        ),
        ({"prompts": {"variations": ["formal", "formal"]}, "rewriter": CHAT}, "expected each of the variations once"),
        ({"prompts": {"variations": ["rude"]}, "rewriter": CHAT}, "prompts.variations.0: found 'rude'"),
        ({"prompts": {"files": [{**LIST, "column": "x"}]}, "rewriter": CHAT}, "files.0: expected no column with a"),
        ({"prompts": {"files": [{**LIST, "colum": "x"}]}, "rewriter": CHAT}, "did you mean 'column'?"),
        ({"prompts": {"files": [{"path": "p.docx"}]}}, "prompts.files.0.path: found 'p.docx'"),
        ({"prompts": {"variations_of": 0}}, "prompts.variations_of: found 0"),
    ],
)  # fmt: skip
def test_a_faulty_setting_says_what_is_expected(settings, message):
    with pytest.raises(InputError) as error:
        validate(DataConfig, {"name": "x", **settings}, where="x.toml")
    assert message in str(error.value)


def test_the_receipt_learns_of_the_files():
    settings = Prompts(files=(PromptFile(path="a.txt"), PromptFile(path="b/c.csv")))
    assert {name: str(path) for name, path in settings.paths().items()} == {"a.txt": "a.txt", "b/c.csv": "b/c.csv"}


@pytest.mark.skipif(not REAL_PROMPTS.exists(), reason="needs the development data")
def test_of_9205_real_prompts_56_differ_from_another_in_punctuation_alone():
    prompts, dropped = listed(REAL_PROMPTS)
    assert dropped == {"listed: duplicate": 56} and len(prompts) == 9_149
    bare = Counter(prompt.text.casefold().rstrip(".!") for prompt in prompts)
    assert max(bare.values()) == 1
