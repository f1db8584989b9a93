import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from prompt_recovery.data.report.profile import OCTAVE, profile_triples, quantile
from prompt_recovery.tables import TRIPLES


def frame(rows, **columns):
    filled = dict.fromkeys(TRIPLES.names, "a") | {"id": [str(row) for row in range(rows)]} | columns
    return pd.DataFrame(filled, index=range(rows))


def write(table, path, row_group_size=None):
    pq.write_table(pa.Table.from_pandas(table, TRIPLES, preserve_index=False), path, row_group_size=row_group_size)
    return path


def test_rows_are_counted_by_part_and_each_of_their_labels(tmp_path):
    train = frame(3, split="train", family=["f", "g", "f"], original_source=["news", "news", "story"])
    test = frame(2, split=["S1", "S2"], family=["f", "h"], original_source="news", rewriter="gemma")
    found = profile_triples({
        "train": write(train, tmp_path / "train.parquet"),
        "test": write(test, tmp_path / "test.parquet"),
    })  # fmt: skip
    assert found.splits == {("train", "train"): 3, ("S1", "test"): 1, ("S2", "test"): 1}
    assert found.sources == {("news", "train"): 2, ("story", "train"): 1, ("news", "test"): 2}
    assert found.rewriters == {("a", "train"): 3, ("gemma", "test"): 2}
    assert found.families == {
        ("f", "train", "train"): 2,
        ("g", "train", "train"): 1,
        ("f", "S1", "test"): 1,
        ("h", "S2", "test"): 1,
    }


def test_words_are_what_stands_between_white_space(tmp_path):
    table = frame(3, split="train", original_text=["one", "one  two\nthree ", ""], rewrite_prompt="日本語 です")
    found = profile_triples({"train": write(table, tmp_path / "train.parquet")})
    assert found.words["original_text"] == {1: 1, 3: 1, 0: 1}
    assert found.words["rewrite_prompt"] == {2: 3}


def test_a_ratio_is_counted_in_parts_of_an_octave_and_an_empty_text_as_one_word(tmp_path):
    words = [(1, 2), (4, 1), (5, 5), (1, 5_000), (0, 0), (2, 0)]
    table = frame(6, split="train", original_text=["w " * n for n, _ in words])
    table["rewritten_text"] = ["w " * n for _, n in words]
    found = profile_triples({"train": write(table, tmp_path / "train.parquet")})
    assert found.ratios == {OCTAVE: 1, -2 * OCTAVE: 1, 0: 2, 8 * OCTAVE: 1, -OCTAVE: 1}


@pytest.mark.parametrize(("share", "value"), [(0.05, 1), (0.5, 2), (0.75, 7), (1.0, 7)])
def test_a_quantile_is_a_counted_value(share, value):
    assert quantile({7: 2, 1: 1, 2: 1}, share) == value


def test_sample_rows_are_of_train_and_of_each_test_split(tmp_path):
    table = frame(300, split=["S0"] * 100 + ["S1"] * 199 + ["S2"])
    found = profile_triples({
        "train": write(table.assign(split="train"), tmp_path / "train.parquet"),
        "valid": write(table, tmp_path / "valid.parquet"),
        "test": write(table, tmp_path / "test.parquet"),
    }).samples  # fmt: skip
    sizes = {key: len(rows) for key, rows in found.items() if rows}
    assert sizes == {("train", "train"): 6, ("S0", "test"): 2, ("S1", "test"): 2, ("S2", "test"): 1}
    assert all(row["split"] == split for (split, _), rows in found.items() for row in rows)


def test_sample_rows_come_from_the_whole_file_whatever_its_row_groups_and_batches(tmp_path, monkeypatch):
    drawn = []
    for row_group_size, batch in ((None, 2_000), (70, 2_000), (1_000, 300)):
        monkeypatch.setattr("prompt_recovery.tables._ROWS_AT_A_TIME", batch)
        path = write(frame(5_000, split="train"), tmp_path / "train.parquet", row_group_size)
        drawn.append([row["id"] for row in profile_triples({"train": path}).samples["train", "train"]])
    assert drawn[0] == drawn[1] == drawn[2]
    assert len(set(drawn[0])) == 6
    assert max(map(int, drawn[0])) > 2_500


def test_a_file_of_one_row_group_is_not_held_whole(tmp_path, monkeypatch):
    texts = [bytes(row).hex() for row in np.random.default_rng(0).integers(0, 256, (8_000, 1_000), dtype=np.uint8)]
    path = write(frame(8_000, split="train", original_text=texts), tmp_path / "train.parquet")
    assert path.stat().st_size > 7e6
    before, held = pa.total_allocated_bytes(), []
    monkeypatch.setattr(
        "prompt_recovery.data.report.profile._measure", lambda *_: held.append(pa.total_allocated_bytes())
    )
    profile_triples({"train": path})
    assert max(held) - before < 0.75 * path.stat().st_size
