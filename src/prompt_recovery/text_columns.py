"""A user's .csv, .parquet or .jsonl file in, the named columns out, as text: no other column is read."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from prompt_recovery.errors import InputError, no_such_file

_ROWS_AT_A_TIME = 10_000  # of a .parquet or .jsonl file
_BUFFER_BYTES = 1 << 20  # of a .parquet file, which is read piece by piece: whole columns take twice the memory
_BLOCK_BYTES = 1 << 24  # of a .csv file; no row may be longer


def read_text_columns(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read just these columns; whole numbers become their digits, what is missing is null (in a CSV: an empty text).

    Raises InputError naming the file: not there, another kind of file, broken, not UTF-8 (with the byte offset),
    no such column, a column that is no text, no rows.
    """
    return pa.concat_tables(text_batches(path, columns)).to_pandas()


def text_batches(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield what `read_text_columns` reads piece by piece, so that a file may be larger than the memory.

    Raises its errors when it comes to them: a broken file may yield some rows before.
    """
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".jsonl": _read_jsonl}
    if path.suffix.lower() not in readers:
        raise InputError(
            f"{path}: expected a file name that ends with {', '.join(readers)}. Convert it to one of them."
        )
    if not path.is_file():
        raise no_such_file(path)
    rows = 0
    try:
        for batch in readers[path.suffix.lower()](path, list(dict.fromkeys(columns))):
            rows += len(batch)
            yield batch
    except UnicodeDecodeError:
        raise not_utf8(path, first_byte_that_is_not_utf8(path)) from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{path}: is empty, expected a header line and rows.") from None
    except (pa.ArrowInvalid, OSError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        if "UTF8" in reason:
            raise not_utf8(path, first_byte_that_is_not_utf8(path)) from None
        raise InputError(f"{path}: cannot be read to its end ({reason}). Mend it or fetch it again.") from None
    if not rows:
        raise InputError(f"{path}: has no rows, expected at least one.")


def as_text(table: pa.Table, *, where: str) -> pa.Table:
    """Return the columns as text, of type large_string.

    Raises InputError for one that holds neither text nor whole numbers.
    """
    for field in table.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not (_is_string(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
            raise InputError(f"{where}: column {field.name}: expected text, found {field.type}. Name another column.")
    return table.cast(pa.schema([pa.field(name, pa.large_string()) for name in table.column_names]))


def require_columns(wanted: Sequence[str], found: Sequence[str], *, where: str) -> None:
    """Raise InputError, naming `where`, unless every wanted column is there."""
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InputError(f"{where}: no column {', '.join(missing)}; found: {', '.join(map(str, found))}.")


def not_utf8(path: Path, offset: int) -> InputError:
    """Return the error of a text file in another encoding; `offset` counts bytes from 0."""
    return InputError(f"{path}: is not UTF-8: see the byte at offset {offset}. Save it as UTF-8 or leave it out.")


def first_byte_that_is_not_utf8(path: Path) -> int:
    """Return the offset of the byte, or the file's size. Read by lines: no UTF-8 sequence contains a line feed."""
    offset = 0
    with path.open("rb") as file:
        for line in file:
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return offset + error.start
            offset += len(line)
    return offset


def _is_string(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _read_csv(path: Path, columns: list[str]) -> Iterator[pa.Table]:
    require_columns(columns, list(pd.read_csv(path, nrows=0).columns), where=str(path))
    reader = csv.open_csv(
        path,
        csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),  # with threads its errors name no row
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(include_columns=columns, column_types=dict.fromkeys(columns, pa.large_string())),
    )
    return (pa.Table.from_batches([batch]) for batch in reader)


def _read_parquet(path: Path, columns: list[str]) -> Iterator[pa.Table]:
    file = pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    require_columns(columns, file.schema_arrow.names, where=str(path))
    empty = pa.schema([file.schema_arrow.field(name) for name in columns]).empty_table()
    tables = (pa.Table.from_batches([batch]) for batch in file.iter_batches(_ROWS_AT_A_TIME, columns=columns))
    first = 0
    for table in chain([empty], tables):
        yield _valid(as_text(table, where=str(path)), path, first)
        first += len(table)


def _valid(table: pa.Table, path: Path, first: int) -> pa.Table:
    """Return the table. Raises InputError for bytes that are not UTF-8: no Parquet writer is made to look at them."""
    for name in table.column_names:
        try:
            table[name].validate(full=True)
        except pa.ArrowInvalid:
            raise InputError(
                f"{path}: column {name}, one of the rows {first} to {first + len(table) - 1}, from 0: is not UTF-8. "
                "Write the file again with UTF-8 texts."
            ) from None
    return table


def _read_jsonl(path: Path, columns: list[str]) -> Iterator[pa.Table]:
    schema = pa.schema([pa.field(name, pa.large_string()) for name in columns])
    with path.open("rb") as file:
        rows = _objects(path, file)
        required = False
        while batch := list(islice(rows, _ROWS_AT_A_TIME)):
            if not required:
                require_columns(columns, list(batch[0][1]), where=f"{path}, line {batch[0][0]}")
                required = True
            texts = {name: [_text(row.get(name), f"{path}, line {n}: {name}") for n, row in batch] for name in columns}
            yield pa.table(texts, schema=schema)


def _objects(path: Path, lines: Iterator[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number, from 1, and the JSON object of each line that is not blank."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError:
            raise
        except (ValueError, RecursionError) as error:  # also numbers of 5,000 digits, and 10,000 brackets
            raise InputError(f"{path}, line {number}: is not JSON ({error}). Expected one object a line.") from None
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number}: expected a JSON object, found {type(row).__name__}.")
        yield number, row


def _text(value: Any, where: str) -> str | None:
    if isinstance(value, str):  # a cut-off emoji leaves half of a surrogate pair: U+FFFD, as Parquet cannot hold it
        return value if value.isascii() else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if value is None:
        return None
    if type(value) is int:
        return str(value)
    raise InputError(f"{where}: expected text, found {json.dumps(value)[:40]}.")
