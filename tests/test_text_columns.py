import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from prompt_recovery.errors import InputError
from prompt_recovery.text_columns import read_text_columns

FRAME = pd.DataFrame({"text": ['One, "two"\nthree', "NA", "Ünï 🙂"], "n": [1, 2, 3], "share": [0.5, 1.5, 2.5]})


def write(frame: pd.DataFrame, path) -> None:
    {".csv": frame.to_csv, ".parquet": frame.to_parquet}[path.suffix](path, index=False)


def fault(path, columns=("text",)) -> str:
    with pytest.raises(InputError) as error:
        read_text_columns(path, columns)
    return str(error.value)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "T.JSONL"])
def test_texts_and_whole_numbers_come_as_text_and_nothing_else_comes(tmp_path, name):
    if name == "T.JSONL":
        FRAME.to_json(tmp_path / name, orient="records", lines=True)
    else:
        write(FRAME, tmp_path / name)
    assert read_text_columns(tmp_path / name, ["n", "text", "n"])[["text", "n"]].to_dict("list") == {
        "text": list(FRAME["text"]),
        "n": ["1", "2", "3"],
    }


def test_a_missing_value_is_null_but_in_a_csv(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"text": "a", "n": null}\n\n{"n": 3}\n')
    frame = read_text_columns(tmp_path / "t.jsonl", ["text", "n"])
    assert frame.isna().to_numpy().tolist() == [[False, True], [True, False]]
    (tmp_path / "t.csv").write_text("text,n\na,\n")
    assert read_text_columns(tmp_path / "t.csv", ["n"])["n"].tolist() == [""]


def test_categories_of_a_parquet_are_their_texts(tmp_path):
    write(FRAME.astype({"text": "category"}), tmp_path / "t.parquet")
    assert list(read_text_columns(tmp_path / "t.parquet", ["text"])["text"]) == list(FRAME["text"])


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_missing_column_is_named_with_what_is_there(tmp_path, name):
    write(FRAME, tmp_path / name)
    assert fault(tmp_path / name, ["text", "body"]).endswith(f"{name}: no column body; found: text, n, share.")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"body": "x"}', "line 1: no column text; found: body."),
        ('{"text": "x"}\n{"text": ', "line 2: is not JSON (Expecting value: line 1 column"),
        ('{"text": "x"}\n["x"]', "line 2: expected a JSON object, found list."),
        ('{"text": "x"}\n{"text": ["x"]}', 'line 2: text: expected text, found ["x"].'),
        (f'{{"text": {"9" * 5_000}}}', "line 1: is not JSON (Exceeds the limit"),
        ("[" * 100_000, "line 1: is not JSON (maximum recursion depth"),
        ('{"text": true}', "line 1: text: expected text, found true."),
        ("\n", "t.jsonl: has no rows, expected at least one."),
    ],
)
def test_a_bad_line_of_a_jsonl_is_named(tmp_path, line, message):
    (tmp_path / "t.jsonl").write_text(line)
    assert message in fault(tmp_path / "t.jsonl")


def test_a_column_that_holds_no_text_is_refused(tmp_path):
    write(FRAME, tmp_path / "t.parquet")
    assert "t.parquet: column share: expected text, found double." in fault(tmp_path / "t.parquet", ["share"])


@pytest.mark.parametrize(("name", "head"), [("t.csv", "text\n" + "é\n" * 9), ("t.jsonl", '{"text": "é"}\n' * 9)])
def test_what_is_not_utf8_is_named_with_its_byte(tmp_path, name, head):
    body = head.encode() + b'{"text": "caf'
    (tmp_path / name).write_bytes(body + b'\xe9"}\n')
    assert f"{name}: is not UTF-8: see the byte at offset {len(body)}." in fault(tmp_path / name)


def test_missing_empty_broken_and_other_files_are_refused(tmp_path):
    assert "none.csv: no such file. Put your file there, or give its own path" in fault(tmp_path / "none.csv")
    assert "t.xlsx: expected a file name that ends with .csv, .parquet, .jsonl." in fault(tmp_path / "t.xlsx")
    (tmp_path / "empty.csv").write_text("")
    assert "empty.csv: is empty, expected a header line and rows." in fault(tmp_path / "empty.csv")
    (tmp_path / "header.csv").write_text("text\n")
    assert "header.csv: has no rows" in fault(tmp_path / "header.csv")
    (tmp_path / "ragged.csv").write_text("text\nx\ny,z,w\n")
    assert "ragged.csv: cannot be read to its end (CSV parse error: Row #3: Expected 1" in fault(
        tmp_path / "ragged.csv"
    )
    write(FRAME[:0], tmp_path / "t.parquet")
    assert "t.parquet: has no rows" in fault(tmp_path / "t.parquet")
    write(FRAME, tmp_path / "t.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:-40])
    assert "cut.parquet: cannot be read to its end" in fault(tmp_path / "cut.parquet")


def test_bytes_of_a_parquet_that_are_not_utf8_are_refused(tmp_path):
    buffers = pa.array([b"whole", b"caf\xe9"]).buffers()
    pq.write_table(
        pa.table({"n": ["1", "2"], "text": pa.Array.from_buffers(pa.string(), 2, buffers)}), tmp_path / "t.parquet"
    )
    message = fault(tmp_path / "t.parquet", ["n", "text"])
    assert "t.parquet: column text, one of the rows 0 to 1, from 0: is not UTF-8. Write" in message
