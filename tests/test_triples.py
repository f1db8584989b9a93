import pandas as pd
import pytest
from test_splitting import ORIGINALS, PROMPTS, SETTINGS

from prompt_recovery.config import Cleaning, DataConfig
from prompt_recovery.data.cleaning.row_cleaning import VERDICTS
from prompt_recovery.data.generation import Generated, plan_tasks
from prompt_recovery.data.rewriters.rewriting import Task
from prompt_recovery.data.splits.leaks import HASHES
from prompt_recovery.data.triples import make_triples
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import PARTS, TRIPLES, read_table

CONFIG = DataConfig(name="test", split=SETTINGS)
PLAN = plan_tasks(CONFIG, ORIGINALS, PROMPTS)


def rewritten(task: Task) -> str:
    return f"{task[1].family}: {task[0].text}"


def replies() -> dict[str, Reply]:
    return {key: Reply(rewritten(planned.task)) for key, planned in PLAN.items()}


def no_embedder(texts):
    raise AssertionError("nothing was imported: no prompt needs an embedding")


def make(folder, replies, settings=CONFIG) -> tuple[dict, dict[str, pd.DataFrame]]:
    place = TriplesFolder(folder)
    counts = make_triples(settings, Generated(PLAN, replies), place, no_embedder)
    return counts, {part: read_table(path, TRIPLES) for part, path in place.parts().items()}


def test_parts_have_the_schema_and_the_counts_say_what_is_in_them(tmp_path):
    counts, parts = make(tmp_path, replies())
    assert counts["kept"] == {
        "test S0": 60, "test S1": 60, "test S2": 60, "train": 600, "valid S0": 30, "valid S1": 30, "valid S2": 30,
    }  # fmt: skip
    assert counts["dropped"] == counts["changed"] == {}
    assert counts["distinct"]["family"] == 7
    assert {part: len(frame) for part, frame in parts.items()} == {"train": 600, "valid": 90, "test": 180}
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "dropped.parquet", "hashes.parquet", "test.parquet", "train.parquet", "valid.parquet",
    ]  # fmt: skip


def test_rows_stand_as_they_were_planned(tmp_path):
    _, parts = make(tmp_path, replies())
    for row in parts["test"].itertuples():
        original, prompt = PLAN[row.id].task
        assert (row.original_text, row.original_group, row.rewrite_prompt) == (
            original.text,
            original.group,
            prompt.text,
        )
        assert (row.family, row.phrasing, row.split) == (prompt.family, prompt.phrasing, PLAN[row.id].split)
        assert (row.rewritten_text, row.rewriter) == (rewritten(PLAN[row.id].task), "rules")


def test_a_row_of_hashes_stands_for_each_triple(tmp_path):
    _, parts = make(tmp_path, replies())
    hashes = read_table(tmp_path / "hashes.parquet", HASHES)
    assert list(hashes["id"]) == [key for part in PARTS for key in parts[part]["id"]]
    assert hashes["rewrite_prompt"].nunique() == pd.concat(parts.values())["rewrite_prompt"].nunique()


def test_dropped_rows_are_counted_by_reason_and_kept_aside_as_they_came(tmp_path):
    spoilt = replies()
    for n, (key, planned) in enumerate(PLAN.items()):
        if n % 10 == 0:
            spoilt[key] = (Reply(""), Reply(planned.task[0].text), Reply("", "timeout"))[n // 10 % 3]
    counts, _ = make(tmp_path, spoilt)
    assert [counts["dropped"][reason] for reason in ("empty", "unchanged", "failed: timeout")] == [29, 29, 29]
    assert sum(counts["kept"].values()) + sum(counts["dropped"].values()) == 870
    aside = read_table(tmp_path / "dropped.parquet", VERDICTS)
    assert aside["verdict"].value_counts().to_dict() == {
        f"dropped: {reason}": count for reason, count in counts["dropped"].items()
    }
    unchanged = aside[aside["verdict"] == "dropped: unchanged"]
    assert (unchanged["original_text"] == unchanged["rewritten_text"]).all()


def test_s0_rows_whose_prompt_left_training_are_dropped_and_counted(tmp_path):
    spoilt = replies()
    gone = {p.task[1].text for p in PLAN.values() if p.split == "S0" and p.task[1].text.startswith("Frame 0")}
    for key, planned in PLAN.items():
        if planned.part == "train" and planned.task[1].text in gone:
            spoilt[key] = Reply("")
    settings = CONFIG.model_copy(update={"cleaning": Cleaning(max_dropped_share=0.9)})
    counts, parts = make(tmp_path, spoilt, settings)
    assert counts["dropped"]["prompt_left_training"] > 0
    held = pd.concat([parts["valid"], parts["test"]])
    assert not held.loc[held["split"] == "S0", "rewrite_prompt"].isin(gone).any()


def test_too_much_dropped_is_an_error_and_leaves_no_file(tmp_path):
    with pytest.raises(InputError, match=r"870 of 870 rewrites were dropped \(\{'empty': 870\}\)"):
        make(tmp_path, dict.fromkeys(PLAN, Reply(" ")))
    assert list(tmp_path.iterdir()) == []


def with_opening(opening: str) -> dict[str, Reply]:
    """Every tenth reply begins with `opening`."""
    return {key: Reply(("" if n % 10 else opening) + reply.text) for n, (key, reply) in enumerate(replies().items())}


def test_stripped_texts_are_counted_and_written_without_their_opening(tmp_path):
    counts, parts = make(tmp_path, with_opening("Sure, here is the rewritten text:\n\n"))
    assert counts["changed"] == {"opening": 87}
    assert not any(frame["rewritten_text"].str.contains("Sure").any() for frame in parts.values())
    aside = read_table(tmp_path / "dropped.parquet", VERDICTS)
    assert list(aside["verdict"]) == ["changed: opening"] * 87
    assert aside["rewritten_text"].str.startswith("Sure").all()


def test_openings_that_drop_are_counted_by_reason(tmp_path):
    settings = CONFIG.model_copy(update={"cleaning": Cleaning(openings="drop")})
    counts, _ = make(tmp_path, with_opening("Certainly! Here is the revised text:\n"), settings)
    assert counts["dropped"] == {"opening": 87}


def test_a_leak_stops_the_stage_and_leaves_what_was_there(tmp_path):
    make(tmp_path, replies())
    before = (tmp_path / "train.parquet").read_bytes()
    plan = dict(PLAN)
    crossing = next(key for key, planned in plan.items() if planned.part == "train")
    test = next(planned for planned in plan.values() if planned.split == "S2" and planned.part == "test")
    plan[crossing] = type(test)((plan[crossing].task[0], test.task[1]), "train", "train")
    with pytest.raises(InputError, match=r"the splits leak:\n  S2 family that training has: \d+ row"):
        make_triples(CONFIG, Generated(plan, replies()), TriplesFolder(tmp_path), no_embedder)
    assert (tmp_path / "train.parquet").read_bytes() == before


def test_s1_rows_whose_family_left_training_are_dropped_and_counted(tmp_path):
    spoilt = replies()
    family = next(planned.task[1].family for planned in PLAN.values() if planned.split == "S1")
    lost = [key for key, one in PLAN.items() if one.part == "train" and one.task[1].family == family]
    spoilt |= dict.fromkeys(lost, Reply(""))
    settings = CONFIG.model_copy(update={"cleaning": Cleaning(max_dropped_share=0.9)})
    counts, parts = make(tmp_path, spoilt, settings)
    held = pd.concat([parts["valid"], parts["test"]])
    assert counts["dropped"]["prompt_left_training"] > 0
    assert family not in set(held["family"])
    assert sum(counts["kept"].values()) + sum(counts["dropped"].values()) == len(PLAN)


def test_a_disk_that_refuses_is_an_error_that_says_so(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("prompt_recovery.data.cleaning.row_cleaning.pq.write_table", refuse)
    with pytest.raises(InputError, match=r"\.cleaned: could not be written or read again \(No space left on device\)"):
        make(tmp_path, replies())
    assert list(tmp_path.iterdir()) == []
