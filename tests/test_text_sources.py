"""The user's own texts as originals: every kind of source, the mix, what is dropped, what is refused."""

import json
from collections import Counter

import pandas as pd
import pytest
from conftest import PROJECT

from prompt_recovery.config import DataConfig, Originals, OriginalSource, Split
from prompt_recovery.config_file import validate
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.splits.splitting import plan_splits
from prompt_recovery.data.texts.own_originals import own_originals
from prompt_recovery.data.texts.text_sources import collect_originals, shares
from prompt_recovery.errors import InputError

SOURCE_TEXTS = PROJECT.parent / "shared" / "data" / "source_texts.parquet"
FRAME = pd.DataFrame({
    "text": [f"Text {n} is about kettles. It has a second sentence." for n in range(40)],
    "kind": ["note", "memo"] * 20,
    "author": [n // 4 for n in range(40)],
    "unread": [{"a": 1}] * 40,
})  # fmt: skip


def collect(*sources: OriginalSource, count: int = 40, max_words: int = 30, seed: int = 0):
    return collect_originals(Originals(count=count, max_words=max_words, sources=sources), seed)


def table(path, **settings) -> OriginalSource:
    return OriginalSource(kind="table", path=str(path), **settings)


def folder(path, **settings) -> OriginalSource:
    return OriginalSource(kind="folder", path=str(path), **settings)


def refusal(*sources: OriginalSource, **settings) -> str:
    with pytest.raises(InputError) as error:
        collect(*sources, **settings)
    return str(error.value)


def write(frame: pd.DataFrame, path) -> None:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)


def test_without_sources_the_originals_are_the_projects_own_as_ever():
    settings = Originals(count=300)
    assert collect_originals(settings, seed=5) == (own_originals(settings, seed=5), {})


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
def test_every_kind_of_table_gives_the_same_originals(tmp_path, name):
    write(FRAME, tmp_path / name)
    originals, dropped = collect(table(tmp_path / name, source_column="kind", group_column="author"))
    assert {original.text for original in originals} == set(FRAME["text"])
    assert Counter(original.source for original in originals) == {"note": 20, "memo": 20}
    assert sorted(Counter(original.group for original in originals).values()) == [4] * 10
    assert dropped == {}


def test_rows_without_a_group_are_groups_of_their_own_and_bear_the_files_name(tmp_path):
    write(FRAME.assign(author=[None] * 39 + ["x"]), tmp_path / "essays.jsonl")
    for settings in ({}, {"group_column": "author"}):
        originals, _ = collect(table(tmp_path / "essays.jsonl", **settings))
        assert len({original.group for original in originals}) == 40
        assert {original.source for original in originals} == {"essays"}


def test_the_draw_depends_on_the_seed_alone_and_says_how_many_it_did_not_need(tmp_path):
    write(FRAME, tmp_path / "t.csv")
    source = table(tmp_path / "t.csv")
    first, dropped = collect(source, count=10)
    assert dropped == {"not_needed": 30}
    assert collect(source, count=10)[0] == first
    assert collect(source, count=10, seed=1)[0] != first
    assert [original.text for original in first] != list(FRAME["text"][:10])


def test_a_folder_gives_a_text_a_file(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.txt").write_text("\ufeffThe kettle sang loudly.\r\n\r\n\r\nThe  cat\tslept on.\n", encoding="utf-8")
    (tmp_path / "deep" / "b.MD").write_text("# Bread\n\nBread is cheap today.")
    (tmp_path / "c.pdf").write_bytes(b"\xff")
    originals, _ = collect(folder(tmp_path, source_label="mine"), count=2)
    assert {original.text for original in originals} == {
        "The kettle sang loudly.\n\nThe cat slept on.",
        "# Bread\n\nBread is cheap today.",
    }
    assert {original.source for original in originals} == {"mine"}
    assert len({original.group for original in originals}) == 2


def test_paragraphs_are_merged_up_to_the_limit_and_stay_in_their_files_group(tmp_path):
    for name in "ab":
        paragraphs = [f"{name}{n} has exactly five words." for n in range(7)]
        (tmp_path / f"{name}.txt").write_text("\n\n".join(paragraphs))
    originals, _ = collect(folder(tmp_path, pieces="paragraphs"), count=8, max_words=12)
    assert Counter(original.text.count("\n\n") for original in originals) == {1: 6, 0: 2}
    groups = {(original.group, original.text[0]) for original in originals}
    assert len(groups) == len(dict(groups)) == 2


def test_a_hub_data_set_is_read_by_its_split_and_column(tmp_path, monkeypatch):
    """A folder of that name stands in for the hub: the same library reads it."""
    (tmp_path / "someone" / "essays").mkdir(parents=True)
    write(FRAME.drop(columns="unread"), tmp_path / "someone" / "essays" / "train.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    source = OriginalSource(kind="hub", hub_dataset="someone/essays", group_column="author")
    originals, _ = collect(source)
    assert {original.text for original in originals} == set(FRAME["text"])
    assert len({original.group for original in originals}) == 10
    assert {original.source for original in originals} == {"essays"}
    other = source.model_copy(update={"hub_split": "dev"})
    assert "hub data set someone/essays, split dev: cannot be loaded" in refusal(other)
    other = source.model_copy(update={"text_column": "body"})
    assert "split train: no column body; found: text, kind, author." in refusal(other)
    other = source.model_copy(update={"hub_dataset": "nobody/nothing"})
    assert "hub data set nobody/nothing, split train: cannot be loaded" in refusal(other)


def test_counts_follow_the_weights_with_the_largest_remainders_first():
    assert shares(10, [1, 1, 1]) == [4, 3, 3]
    assert shares(10, [0.5, 0.25, 0.25]) == [5, 3, 2]
    assert shares(7, [5, 1, 1]) == [5, 1, 1]
    assert shares(2, [1, 1, 1, 9]) == [0, 0, 0, 2]


def test_a_mix_draws_each_source_by_its_weight(tmp_path):
    write(FRAME, tmp_path / "t.csv")
    for n in range(9):
        (tmp_path / f"{n}.txt").write_text(f"File {n} has few words.")
    sources = (table(tmp_path / "t.csv", weight=3), OriginalSource(kind="own", weight=6), folder(tmp_path))
    originals, _ = collect(*sources, count=90)
    kinds = [original.source for original in originals]
    assert kinds[:27] == ["t"] * 27 and kinds[-9:] == [tmp_path.name] * 9
    assert originals[27:81] == own_originals(Originals(count=54), seed=0)


def test_a_copy_of_another_sources_text_is_a_duplicate(tmp_path):
    own = own_originals(Originals(count=5), seed=0)[0].text
    write(FRAME.assign(text=[FRAME["text"][0].upper() + "!", own, *FRAME["text"][2:]]), tmp_path / "a.csv")
    write(FRAME[:1], tmp_path / "b.csv")
    sources = (table(tmp_path / "b.csv"), table(tmp_path / "a.csv", weight=38), OriginalSource(kind="own", weight=5))
    originals, dropped = collect(*sources, count=44)
    assert len(originals) == 44 and dropped == {"duplicate": 2}


def test_what_is_dropped_is_counted_and_too_few_says_which_source_and_how_many(tmp_path):
    bad = ["", None, "Two words.", "- ? !", "With a \0 null in it.", "Cut \ud83d off there.", "no end " * 20]
    lines = [json.dumps({"text": text}) for text in [*bad, "The only good one.", "the ONLY good one"]]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    originals, dropped = collect(table(tmp_path / "t.jsonl"), count=1)
    assert len(originals) == 1
    assert sum(dropped.values()) == 8
    message = refusal(OriginalSource(kind="own"), table(tmp_path / "t.jsonl", weight=2), count=30)
    assert f"originals.sources.1 ({tmp_path}/t.jsonl): 1 usable texts, 20 wanted by its weight; of 9 texts" in message
    for reason in ("'empty': 2", "'too_short': 2", "'control_character': 2", "'no_sentence_fits': 1", "'duplicate': 1"):
        assert reason in message


def test_groups_never_cross_a_split_even_when_they_span_sources_or_differ_in_punctuation_alone(tmp_path):
    groups = [f"{n // 4}-1" if n % 2 else f"{n // 4}1" for n in range(40)]
    write(FRAME.assign(group=groups), tmp_path / "t.parquet")
    originals, _ = collect(table(tmp_path / "t.parquet", source_column="kind", group_column="group"))
    spanning, _ = collect(table(tmp_path / "t.parquet", source_column="kind", group_column="author"))
    prompts = [Prompt(f"Do {family} as {n}.", family, f"{family} {n}") for family in "abcdefg" for n in range(5)]
    settings = Split(train_rows=60, valid_rows=12, test_rows=12, held_out_families=2, held_out_originals=0.25)
    for texts in (originals, spanning):
        for seed in range(5):
            plan = plan_splits(texts, prompts, settings, seed)
            parts: dict[str, set[str]] = {}
            for planned in plan:
                original, _ = planned.task
                for value in (original.text, original.group):
                    parts.setdefault(value, set()).add(planned.part)
            assert {len(found) for found in parts.values()} == {1}


def test_bad_files_are_refused_by_name(tmp_path):
    (tmp_path / "empty").mkdir()
    assert f"{tmp_path}/none: no such folder." in refusal(folder(tmp_path / "none"))
    assert "empty: has no text file, expected names that end with .txt or .md" in refusal(folder(tmp_path / "empty"))
    assert "none.csv: no such file." in refusal(table(tmp_path / "none.csv"))
    (tmp_path / "latin.txt").write_bytes("Café au lait".encode("latin-1"))
    assert "latin.txt: is not UTF-8: see the byte at offset 3." in refusal(folder(tmp_path))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "folder"}, 'originals.sources.0: expected path with kind = "folder".'),
        ({"kind": "own", "path": "x"}, 'originals.sources.0: expected no path with kind = "own"'),
        ({"kind": "table", "path": "x", "pieces": "paragraphs"}, 'no pieces with kind = "table"'),
        ({"kind": "table", "path": "x", "colum": "y"}, "originals.sources.0.colum: no such key"),
        ({"kind": "hub", "hub_dataset": "a/b/c"}, "originals.sources.0.hub_dataset: found 'a/b/c'"),
        ({"kind": "own", "weight": 0}, "originals.sources.0.weight: found 0"),
    ],
)
def test_a_source_says_what_its_kind_needs(settings, message):
    with pytest.raises(InputError) as error:
        validate(DataConfig, {"name": "x", "originals": {"sources": [settings]}}, where="x.toml")
    assert message in str(error.value)


@pytest.mark.parametrize("sources", [[], [{"kind": "own"}, {"kind": "own"}]])
def test_no_source_and_the_own_passages_twice_are_refused(sources):
    with pytest.raises(InputError, match=r"originals: expected (at least one|one source with kind)"):
        validate(DataConfig, {"name": "x", "originals": {"sources": sources}}, where="x.toml")


@pytest.mark.skipif(not SOURCE_TEXTS.exists(), reason="needs the development data")
def test_real_texts_are_cut_at_sentence_ends():
    originals, dropped = collect(table(SOURCE_TEXTS, source_column="kind"), count=2_000, max_words=60)
    assert sum(dropped.values()) == 4_840
    assert max(len(original.text.split()) for original in originals) <= 60
    assert len({original.source for original in originals}) >= 15
