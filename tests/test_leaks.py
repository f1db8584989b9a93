import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_splitting import ORIGINALS, PROMPTS, SETTINGS

from prompt_recovery.data.splits.leaks import find_leaks, find_near_copies, row_hashes
from prompt_recovery.data.splits.splitting import plan_splits
from prompt_recovery.tables import TRIPLES


@pytest.fixture(scope="module")
def planned() -> pd.DataFrame:
    rows = [
        {
            "id": str(number),
            "original_text": row.task[0].text,
            "rewrite_prompt": row.task[1].text,
            "rewritten_text": "rewritten",
            "family": row.task[1].family,
            "phrasing": row.task[1].phrasing,
            "original_source": row.task[0].source,
            "original_group": row.task[0].group,
            "rewriter": "rules",
            "split": row.split,
            "part": row.part,
        }
        for number, row in enumerate(plan_splits(ORIGINALS, PROMPTS, SETTINGS, seed=0))
    ]
    return pd.DataFrame(rows)


def written(frame: pd.DataFrame, folder) -> dict:
    parts = {part: folder / f"{part}.parquet" for part in ("train", "valid", "test")}
    for part, path in parts.items():
        own = frame[frame["part"] == part]
        pq.write_table(pa.Table.from_pandas(own[TRIPLES.names], schema=TRIPLES, preserve_index=False), path)
    return parts


def leaks(frame: pd.DataFrame, folder) -> list[str]:
    return find_leaks(row_hashes(written(frame, folder)))


def row_of(frame: pd.DataFrame, part: str, split: str) -> int:
    return frame.index[(frame["part"] == part) & (frame["split"] == split)][0]


def test_a_planned_split_does_not_leak(planned, tmp_path):
    assert leaks(planned, tmp_path) == []


@pytest.mark.parametrize(
    ("split", "column", "leak"),
    [
        ("S0", "original_text", "original in training and held out: 1 row(s), the first {id}"),
        ("S1", "original_group", "original group in training and held out: 1 row(s), the first {id}"),
        ("S1", "rewrite_prompt", "S1 prompt that training has: 1 row(s), the first {id}"),
        ("S1", "phrasing", "S1 phrasing that training has: 1 row(s), the first {id}"),
        ("S2", "family", "S2 family that training has: 1 row(s), the first {id}"),
        ("S2", "rewrite_prompt", "S2 prompt that training has: 1 row(s), the first {id}"),
    ],
)
def test_one_row_that_crosses_is_found(planned, tmp_path, split, column, leak):
    leaking = planned.copy()
    row = row_of(leaking, "test", split)
    leaking.loc[row, column] = leaking.loc[row_of(leaking, "train", "train"), column]
    assert leak.format(id=leaking.loc[row, "id"]) in leaks(leaking, tmp_path)


@pytest.mark.parametrize("column", ["original_text", "original_group"])
def test_originals_do_not_cross_from_valid_to_test(planned, tmp_path, column):
    leaking = planned.copy()
    leaking.loc[row_of(leaking, "test", "S0"), column] = leaking.loc[row_of(leaking, "valid", "S0"), column]
    assert any("in valid and test: 1 row" in leak for leak in leaks(leaking, tmp_path))


def test_a_copy_in_other_spelling_is_found(planned, tmp_path):
    leaking = planned.copy()
    text = leaking.loc[row_of(leaking, "train", "train"), "rewrite_prompt"]
    leaking.loc[row_of(leaking, "test", "S1"), "rewrite_prompt"] = text.upper().replace(" ", "  ").rstrip(".")
    assert any("S1 prompt that training has" in leak for leak in leaks(leaking, tmp_path))


def test_s0_and_s1_must_be_of_training(planned, tmp_path):
    leaking = planned.copy()
    leaking.loc[row_of(leaking, "test", "S0"), "rewrite_prompt"] = "Never seen."
    leaking.loc[row_of(leaking, "test", "S1"), "family"] = "unheard"
    assert [leak.split(":")[0] for leak in leaks(leaking, tmp_path)] == [
        "S0 prompt that training has not",
        "S1 family that training has not",
    ]


def test_an_s3_rewriter_and_an_s4_prompt_must_be_new(planned, tmp_path):
    leaking = planned.copy()
    for split in ("S3", "S4"):
        row = row_of(planned, "test", "S0")
        copy = leaking.loc[[row]].assign(split=split, id=split)
        leaking = pd.concat([leaking, copy], ignore_index=True)
    assert [leak.split(":")[0] for leak in leaks(leaking, tmp_path)] == [
        "S3 rewriter that training has",
        "S4 prompt that training has",
    ]


LONG = " ".join(f"word{number}" for number in range(60))


def near(planned, folder, clustered=(), **changes) -> list[str]:
    """Change rows (split -> column, value), then look for near copies; "20" is the vector at 20 degrees to "0"."""
    leaking, known = planned.copy(), [prompt.text for prompt in PROMPTS]
    for split, (column, value) in changes.items():
        leaking.loc[row_of(leaking, "train" if split == "train" else "test", split), column] = value

    def embed(texts):
        vectors = np.zeros((len(texts), 3 + len(PROMPTS)))
        for vector, text in zip(vectors, texts, strict=True):
            angle = np.radians(float(text) if text.isdigit() else 90)
            vector[0], vector[1 if text.isdigit() else 2 + known.index(text)] = np.cos(angle), np.sin(angle)
        return vectors

    return find_near_copies(written(leaking, folder), set(clustered), embed, 0.9)


def test_a_near_copy_of_an_original_is_found(planned, tmp_path):
    assert near(planned, tmp_path) == []
    (leak,) = near(planned, tmp_path, train=("original_text", LONG), S2=("original_text", f"{LONG} more"))
    assert leak.startswith("near copy of an original in another part: 1 row(s)")


def test_a_near_copy_of_a_prompt_is_a_leak_where_clusters_made_the_family(planned, tmp_path):
    changes = {"train": ("rewrite_prompt", "0"), "S2": ("rewrite_prompt", "20")}
    family = planned.loc[row_of(planned, "test", "S2"), "family"]
    (leak,) = near(planned, tmp_path, clustered=[family], **changes)
    assert leak == "near copy of a training prompt: 1, the first '20' of '0'"
    assert near(planned, tmp_path, **changes) == []  # "shorter" and "longer": told apart by hand
