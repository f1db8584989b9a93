"""Bring-your-own triples through the whole stage: files of several kinds in, the parts out."""

import random

import numpy as np
import pandas as pd
import pytest
from test_splitting import ORIGINALS
from test_splitting import PROMPTS as OWN_PROMPTS

from prompt_recovery.config import DataConfig, Duplicates, ImportedTriples, Rewriter, Split
from prompt_recovery.data.cleaning import row_cleaning
from prompt_recovery.data.cleaning.row_cleaning import VERDICTS
from prompt_recovery.data.generation import Generated, plan_tasks
from prompt_recovery.data.triples import make_triples
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import TRIPLES, read_table

SPLIT = Split(train_rows=300, valid_rows=10, test_rows=20, held_out_families=2, held_out_phrasings=1)
MANNERS = ("pirate", "poem", "formal", "short", "long", "song", "news", "angry", "happy", "legal", "lazy", "royal")
WAYS = 8
NOUNS = (
    "harbour ferry kettle widow letter garden clock sparrow ladder market ribbon engine cellar violin orchard".split()
)
VERBS = "carries forgets paints follows mends borrows admires hides measures praises steals wraps".split()


def sentences(rng: random.Random) -> str:
    return " ".join(
        f"The {rng.choice(NOUNS)} near the {rng.choice(NOUNS)} {rng.choice(VERBS)} an old {rng.choice(NOUNS)}."
        for _ in range(3)
    )


def brought(count: int = 600, seed: int = 0) -> pd.DataFrame:
    rng = random.Random(seed)
    prompts = [f"Make it {manner}, by way {way}." for way in range(WAYS) for manner in MANNERS]
    return pd.DataFrame({
        "before": [sentences(rng) for _ in range(count)],
        "prompt": [prompts[n % len(prompts)] for n in range(count)],
        "after": [sentences(rng) for _ in range(count)],
        "model": [("gpt", "gemma")[n % 2] for n in range(count)],
    })  # fmt: skip


def manner(prompt: str) -> str | None:
    return next((one for one in MANNERS if one in prompt.casefold()), None)


def embed(texts):
    """Prompts of one manner have a cosine of 0.81, of two manners 0; other texts are alike if they are equal."""
    others: dict[str, int] = {}
    vectors = np.zeros((len(texts), 1_000))
    for vector, text in zip(vectors, texts, strict=True):
        place, way = manner(text), text.rstrip(".")[-1]
        if place and way.isdigit():
            vector[MANNERS.index(place)] = 0.9
            vector[20 + MANNERS.index(place) * WAYS + int(way)] = np.sqrt(1 - 0.9**2)
        else:
            vector[200 + others.setdefault(text, len(others))] = 1
    return vectors


def settings(path, *more: ImportedTriples, columns=None, **changes) -> DataConfig:
    columns = columns or {"original_column": "before", "prompt_column": "prompt", "rewritten_column": "after"}
    file = ImportedTriples(path=str(path), rewriter_column="model", **columns)
    return DataConfig(
        **{"name": "test", "rewriter": Rewriter(kind="none"), "imported": (file, *more), "split": SPLIT} | changes
    )


def make(folder, config, generated=None) -> tuple[dict, pd.DataFrame, pd.DataFrame]:
    """Return the counts, all rows with their part, and the rows that were put aside."""
    place = TriplesFolder(folder / "out")
    counts = make_triples(config, generated or Generated(), place, embed)
    rows = pd.concat([read_table(path, TRIPLES).assign(part=part) for part, path in place.parts().items()])
    return counts, rows, pd.read_parquet(place.dropped)[VERDICTS.names]


def written(frame: pd.DataFrame, path):
    if path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        getattr(frame, f"to_{path.suffix[1:]}")(path, index=False)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_file_is_split_by_clusters_of_its_prompts(tmp_path, suffix):
    frame = brought()
    counts, rows, _ = make(tmp_path, settings(written(frame, tmp_path / f"brought.{suffix}")))
    assert {split for name in counts["kept"] for split in name.split()} == {"train", "valid", "test", "S0", "S1", "S2"}
    assert set(rows["family"].map(manner)) == set(MANNERS)
    assert (rows["family"].map(manner) == rows["rewrite_prompt"].map(manner)).all()
    assert rows["family"].nunique() == len(MANNERS)
    found = rows.merge(frame, left_on="original_text", right_on="before", validate="one_to_one")
    assert (found["rewrite_prompt"] == found["prompt"]).all()
    assert (found["rewritten_text"] == found["after"]).all()
    assert (found["rewriter"] == found["model"]).all()
    assert set(rows["original_source"]) == {"brought"}
    assert sum(counts["kept"].values()) + sum(counts["dropped"].values()) == len(frame)


def test_the_same_files_and_seed_give_the_same_rows(tmp_path):
    config = settings(written(brought(), tmp_path / "brought.csv"))
    one, same = (make(tmp_path / name, config)[1] for name in "ab")
    assert one.equals(same)


def test_second_copies_are_dropped_and_original_copies_stay_together(tmp_path):
    frame = brought()
    again = frame.iloc[:50].assign(after=frame["after"].str.upper().str.rstrip("."), model="gpt")
    other_prompt = frame.iloc[50:100].assign(prompt="Make it lazy, by way 0.")
    both = pd.concat([frame, again, other_prompt], ignore_index=True)
    counts, rows, aside = make(tmp_path, settings(written(both, tmp_path / "brought.parquet")))
    assert counts["dropped"]["near_duplicate"] == 50 + (frame["prompt"][50:100] == "Make it lazy, by way 0.").sum()
    assert set(aside.loc[aside["verdict"] == "dropped: near_duplicate", "rewritten_text"]) >= set(again["after"])
    assert rows.groupby("original_text")["part"].nunique().max() == 1
    assert rows.groupby("original_text")["original_group"].nunique().max() == 1


def test_a_group_column_keeps_originals_on_one_side(tmp_path):
    frame = brought().assign(book=lambda own: np.arange(len(own)) % 40)
    columns = settings("x").imported[0].model_dump() | {"group_column": "book", "path": str(tmp_path / "t.csv")}
    config = settings("x", columns=None).model_copy(update={"imported": (ImportedTriples(**columns),)})
    written(frame, tmp_path / "t.csv")
    _, rows, _ = make(tmp_path, config)
    books = rows.merge(frame, left_on="original_text", right_on="before")
    assert books.groupby("book")["part"].nunique().max() == 1
    assert books.groupby("book")["original_group"].nunique().max() == 1


def test_a_held_out_rewriter_is_s3_and_an_external_file_s4(tmp_path):
    frame = brought().assign(model=lambda own: np.where(np.arange(len(own)) % 5 == 0, "claude", own["model"]))
    others = brought(80, seed=1).rename(columns={"before": "original_text", "prompt": "rewrite_prompt"})
    others["rewrite_prompt"] = [f"Prompt number {n} of somebody else." for n in range(80)]
    external = ImportedTriples(
        path=str(written(others, tmp_path / "others.csv")), rewritten_column="after", rewriter="llama", external=True
    )
    split = SPLIT.model_copy(update={"held_out_rewriters": ("claude",)})
    counts, rows, _ = make(tmp_path, settings(written(frame, tmp_path / "t.csv"), external, split=split))
    assert counts["kept"]["test S4"] == 80 and counts["kept"]["test S3"] == 20
    assert set(rows.loc[rows["rewriter"] == "claude", "split"]) == {"S3"}
    assert set(rows.loc[rows["rewriter"] == "llama", "split"]) == {"S4"}
    assert set(rows.loc[rows["original_source"] == "others", "part"]) == {"test"}


def test_imported_rows_join_the_families_and_groups_of_those_made_here(tmp_path):
    own = DataConfig(name="test", split=SPLIT)
    plan = plan_tasks(own, ORIGINALS, OWN_PROMPTS)
    replies = {key: Reply(f"{one.task[1].family}, that is: {one.task[0].text}.") for key, one in plan.items()}
    frame = brought()
    made = pd.DataFrame(
        [
            (one.task[0].text, one.task[1].text, one.task[1].family, one.task[0].group, one.part)
            for one in plan.values()
        ],
        columns=["original", "prompt", "family", "group", "part"],
    )
    frame.loc[:199, "prompt"] = made["prompt"].sample(200, random_state=0).to_numpy()
    frame.loc[100:299, "before"] = made["original"].sample(200, random_state=1).to_numpy()
    config = settings(written(frame, tmp_path / "t.csv"), rewriter=Rewriter())
    counts, rows, _ = make(tmp_path, config, Generated(plan, replies))
    mine, theirs = rows[rows["rewriter"] == "rules"], rows[rows["rewriter"] != "rules"]
    assert len(mine) == len(plan)
    assert (mine["part"] == mine["id"].map({key: one.part for key, one in plan.items()})).all()
    families = dict(zip(made["prompt"], made["family"], strict=True))
    joined = theirs[theirs["rewrite_prompt"].isin(families)]
    assert len(joined) > 50 and (joined["family"] == joined["rewrite_prompt"].map(families)).all()
    groups = made.drop_duplicates("original").set_index("original")
    shared = theirs[theirs["original_text"].isin(groups.index)]
    assert len(shared) > 20
    assert (shared["original_group"] == shared["original_text"].map(groups["group"])).all()
    assert (shared["part"] == shared["original_text"].map(groups["part"])).all()
    assert counts["dropped"]["crosses_splits"] > 0


def test_rewrites_that_say_the_same_are_dropped_on_request(tmp_path):
    frame = brought()
    frame.loc[96:191, "after"] = frame.loc[:95, "after"].to_numpy()  # with the same prompts, of other originals
    path = written(frame, tmp_path / "t.csv")
    counts, _, _ = make(tmp_path, settings(path))
    assert "near_duplicate_by_embedding" not in counts["dropped"]
    counts, rows, _ = make(tmp_path, settings(path, duplicates=Duplicates(embedding_cosine=0.99)))
    assert counts["dropped"]["near_duplicate_by_embedding"] == 96
    assert not rows["rewritten_text"].duplicated().any()


@pytest.mark.slow
def test_many_rows_are_cleaned_by_processes_in_the_same_way(tmp_path, monkeypatch):
    config = settings(written(brought(4_500), tmp_path / "t.parquet"))
    counts, rows, aside = make(tmp_path / "here", config)
    monkeypatch.setattr(row_cleaning, "_BATCHES_WITHOUT_PROCESSES", 1)
    by_processes, same, same_aside = make(tmp_path / "there", config)
    assert (counts, rows.equals(same), aside.equals(same_aside)) == (by_processes, True, True)


def test_texts_that_are_missing_drop_their_row(tmp_path):
    frame = brought()
    frame.loc[0, "before"], frame.loc[1, "prompt"], frame.loc[2, "after"] = None, " ", None
    counts, _, aside = make(tmp_path, settings(written(frame, tmp_path / "t.parquet")))
    assert counts["dropped"]["empty"] == 3
    assert (aside["verdict"] == "dropped: empty").sum() == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop": "prompt"}, r"t\.csv: no column prompt; found: before, after, model\."),
        ({"keep": 0}, r"t\.csv: has no rows, expected at least one\."),
        ({"keep": 1}, r"taken twice, it leaves none of the 1 families"),
        ({"blank": "after"}, r"600 of 600 triples of .*t\.csv were dropped \(\{'empty': 600\}\), more than"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_and_leaves_no_file(tmp_path, change, message):
    frame = brought()
    if "drop" in change:
        frame = frame.drop(columns=change["drop"])
    frame = frame.head(change.get("keep", len(frame)))
    if "blank" in change:
        frame[change["blank"]] = " "
    with pytest.raises(InputError, match=message):
        make(tmp_path, settings(written(frame, tmp_path / "t.csv")))
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_generated_and_nothing_imported_is_refused():
    with pytest.raises(ValueError, match=r"at least one \[\[imported\]\] file with rewriter.kind = \"none\""):
        DataConfig(name="test", rewriter=Rewriter(kind="none"))


def test_an_empty_group_of_a_csv_puts_no_originals_together(tmp_path):
    frame = brought().assign(book=lambda own: np.where(np.arange(len(own)) % 2, "", "one"))
    columns = settings("x").imported[0].model_dump() | {"group_column": "book", "path": str(tmp_path / "t.csv")}
    written(frame, tmp_path / "t.csv")
    _, rows, _ = make(tmp_path, settings("x").model_copy(update={"imported": (ImportedTriples(**columns),)}))
    books = rows.merge(frame, left_on="original_text", right_on="before")
    assert books.groupby("book")["original_group"].nunique()["one"] == 1
    assert books.loc[books["book"] == "", "original_group"].is_unique


def test_held_out_rewriters_are_of_an_imported_file(tmp_path):
    split = SPLIT.model_copy(update={"held_out_rewriters": ("rules",)})
    with pytest.raises(ValueError, match=r"at least one \[\[imported\]\] file with split.held_out_rewriters"):
        DataConfig(name="test", split=split)
    with pytest.raises(ValueError, match=r"split.held_out_rewriters without rules: its rewrites are for training"):
        settings("t.csv", rewriter=Rewriter(), split=split)
