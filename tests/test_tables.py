import pandas as pd
import pytest

from prompt_recovery.errors import InputError
from prompt_recovery.tables import ANY_PREDICTIONS, PAIRS, PREDICTIONS, TRUTH, distinct_rows, read_table, write_table

PAIR_ROWS = pd.DataFrame({
    "id": ["7", "8"], "original_text": ['One, "two"\nthree', "NA"], "rewritten_text": ["Eins 🙂", ""]
})  # fmt: skip


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.parquet"])
def test_texts_survive_a_round_trip(tmp_path, name):
    write_table(PAIR_ROWS, tmp_path / name, PAIRS)
    assert read_table(tmp_path / name, PAIRS).to_dict("list") == PAIR_ROWS.to_dict("list")


def test_whole_number_ids_of_a_parquet_become_text(tmp_path):
    PAIR_ROWS.assign(id=[-1, 9559194]).to_parquet(tmp_path / "pairs.parquet")
    assert list(read_table(tmp_path / "pairs.parquet", PAIRS)["id"]) == ["-1", "9559194"]


def fault(frame: pd.DataFrame, path, schema=PAIRS) -> str:
    frame.to_parquet(path)
    with pytest.raises(InputError) as error:
        read_table(path, schema)
    return str(error.value)


def test_missing_column_is_named_with_what_is_there(tmp_path):
    message = fault(PAIR_ROWS.drop(columns="rewritten_text"), tmp_path / "p.parquet")
    assert message.endswith("p.parquet: no column rewritten_text; found: id, original_text.")


def test_null_is_named_with_its_row(tmp_path):
    message = fault(PAIR_ROWS.assign(original_text=["x", None]), tmp_path / "p.parquet")
    assert "column original_text, row 1: null, expected string." in message


def test_wrong_type_is_named_with_its_value(tmp_path):
    message = fault(PAIR_ROWS.assign(original_text=[3, 4]), tmp_path / "p.parquet")
    assert "column original_text, row 0: expected string, found '3' (int64)" in message


def test_repeated_id_is_named(tmp_path):
    message = fault(PAIR_ROWS.assign(id=["8", "8"]), tmp_path / "p.parquet")
    assert "column id, row 1: '8' occurs a second time." in message


def test_several_methods_may_answer_the_same_id(tmp_path):
    rows = pd.DataFrame({"id": "7", "rewrite_prompt": "x", "answered_by": "model", "method": ["base", "adapter"]})
    rows["batch"] = pd.array([0, 0], dtype="int32")
    write_table(rows, tmp_path / "p.parquet", PREDICTIONS, key=("method", "id"))
    assert len(read_table(tmp_path / "p.parquet", PREDICTIONS, key=("method", "id"))) == 2
    with pytest.raises(InputError, match="occurs a second time"):
        read_table(tmp_path / "p.parquet", TRUTH)


def test_optional_columns_may_be_absent_and_may_be_null(tmp_path):
    rows = pd.DataFrame({"id": ["1", "2"], "rewrite_prompt": ["x", "y"]})
    for name in ("p.parquet", "p.csv"):
        write_table(rows, tmp_path / name, ANY_PREDICTIONS)
        assert list(read_table(tmp_path / name, ANY_PREDICTIONS)) == ["id", "rewrite_prompt"]
        write_table(rows.assign(confidence=[0.25, None]), tmp_path / name, ANY_PREDICTIONS)
        found = read_table(tmp_path / name, ANY_PREDICTIONS)["confidence"]
        assert found[0] == 0.25 and pd.isna(found[1]) and found.dtype == float


def test_a_number_that_is_none_is_named(tmp_path):
    (tmp_path / "p.csv").write_text("id,rewrite_prompt,confidence\n1,x,0.5\n2,y,high\n")
    with pytest.raises(InputError, match=r"p.csv: column confidence, row 1: expected a number, found 'high'"):
        read_table(tmp_path / "p.csv", ANY_PREDICTIONS)
    rows = pd.DataFrame({"id": ["1"], "rewrite_prompt": ["x"], "confidence": ["high"]})
    message = fault(rows, tmp_path / "p.parquet", ANY_PREDICTIONS)
    assert "column confidence, row 0: expected double, found 'high' (str)" in message


def test_distinct_rows_of_a_file_come_as_they_first_stood(tmp_path):
    rows = PAIR_ROWS.assign(original_text="same", rewritten_text="same")
    write_table(pd.concat([rows.assign(id=["1", "2"]), PAIR_ROWS]), tmp_path / "p.parquet", PAIRS)
    found = distinct_rows(tmp_path / "p.parquet", ["rewritten_text"])
    assert found["rewritten_text"].tolist() == ["same", "Eins 🙂", ""]


def test_empty_and_truncated_files_are_refused(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match=r"empty.csv: is empty, expected a header line and rows"):
        read_table(tmp_path / "empty.csv", PAIRS)
    (tmp_path / "header.csv").write_text("id,original_text,rewritten_text\n")
    with pytest.raises(InputError, match=r"header.csv: has no rows"):
        read_table(tmp_path / "header.csv", PAIRS)
    write_table(PAIR_ROWS, tmp_path / "whole.parquet", PAIRS)
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-40])
    with pytest.raises(InputError, match=r"cut.parquet: is no whole parquet file .* again"):
        read_table(tmp_path / "cut.parquet", PAIRS)


def test_missing_file_and_unknown_kind_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"pairs.csv: no such file"):
        read_table(tmp_path / "pairs.csv", PAIRS)
    with pytest.raises(InputError, match=r"pairs.json: expected a file name that ends with .csv or .parquet"):
        read_table(tmp_path / "pairs.json", PAIRS)


def test_a_bad_frame_is_not_written(tmp_path):
    write_table(PAIR_ROWS, tmp_path / "p.parquet", PAIRS)
    before = (tmp_path / "p.parquet").read_bytes()
    with pytest.raises(InputError, match="about to be written"):
        write_table(PAIR_ROWS.assign(id=["8", "8"]), tmp_path / "p.parquet", PAIRS)
    assert (tmp_path / "p.parquet").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["p.parquet"]
