"""Files in, checked tables out, and back: every schema that stages exchange, and the only reader and writer of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from prompt_recovery.errors import InputError, no_such_file
from prompt_recovery.manifest import whole_or_absent


def _texts(*names: str) -> pa.Schema:
    return pa.schema([pa.field(name, pa.string(), nullable=False) for name in names])


def _optional_numbers(*names: str) -> list[pa.Field]:
    """Columns that a file may lack, and whose values may be null."""
    return [pa.field(name, pa.float64(), metadata={"optional": "yes"}) for name in names]


PAIRS = _texts("id", "original_text", "rewritten_text")
TRUTH = _texts("id", "rewrite_prompt")
TRIPLES = _texts(
    "id",  # hash of original, prompt and rewriter
    "original_text",
    "rewrite_prompt",
    "rewritten_text",
    "family",  # prompts that ask for the same; the cluster of the intervals
    "phrasing",  # prompts of a family that share their wording
    "original_source",  # e-mail, recipe ...
    "original_group",  # originals that share sentences; never on both sides of a split
    "rewriter",
    "split",  # a key of SPLIT_MEANINGS
)
REPLIES = _texts("id", "rewritten_text", "failure")  # of a rewriter; failure "": there is a text
ANSWERS = _texts("id", "rewrite_prompt", "answered_by").append(pa.field("batch", pa.int32(), nullable=False))
CONFIDENCE = _optional_numbers("confidence")  # of an answer: the higher, the surer
PREDICTIONS = pa.schema([
    *ANSWERS,
    pa.field("method", pa.string(), nullable=False),  # constant, base, or one of METHODS
    *CONFIDENCE,
])  # fmt: skip
ANY_PREDICTIONS = pa.schema([*TRUTH, *CONFIDENCE])  # from anywhere
HYPOTHESES = pa.schema([
    # kind: one of HYPOTHESIS_KINDS; opening and adapter: of a model's answer, else ""
    *_texts("id", "rewrite_prompt", "kind", "opening", "adapter"),
    pa.field("sample", pa.int32(), nullable=False),  # number among those of its row and kind; a model's 0 is greedy
    *_optional_numbers("log_probability", "tokens"),  # of a model's answer: the sum over its tokens, and how many
])  # fmt: skip
HYPOTHESIS_KEY = ("id", "kind", "opening", "adapter", "sample")
HYPOTHESIS_KINDS = ("model", "neighbour", "retrieved", "decoded", "constant", "rule")
ROW_SCORES = pa.schema([
    *_texts("id", "method", "split"),
    pa.field("score", pa.float64(), nullable=False),
    *_optional_numbers("second_score", "rouge_l", "token_f1", "exact_match", "rank"),  # see score/measures.py
    *CONFIDENCE,
])  # fmt: skip
SUBMISSION = TRUTH

PARTS = ("train", "valid", "test")  # a Parquet file each
SPLIT_MEANINGS = {
    "train": "what training sees",
    "S0": "prompt seen, text unseen",
    "S1": "wording unseen",
    "S2": "family unseen",
    "S3": "rewriter unseen",
    "S4": "external data",
    "all": "all rows",  # of files that name no splits
}

TRACK_MEANINGS = {
    "clean": "prompts that a person could have written",
    "leaderboard": "texts made for the metric alone",
}

_ROWS_AT_A_TIME = 2_000
_BUFFER_BYTES = 1 << 20

# What pandas takes for a missing value when it reads a CSV: an answer must be none of these.
READS_AS_NULL = frozenset(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|")
)


def track_of(method: str) -> str:
    """Return the key of TRACK_MEANINGS under which a method's answers are reported; the tracks are never pooled."""
    return "leaderboard" if method.startswith("leaderboard") else "clean"


def read_table(path: Path, schema: pa.Schema, *, key: tuple[str, ...] = ("id",)) -> pd.DataFrame:
    """Read a .csv or .parquet file -> a frame with at least the columns of `schema`, further ones kept.

    In a CSV every cell is text as it stands: an empty cell is "", and "NA" is no null.
    Raises InputError naming the file and the column or row: missing or unreadable file, no rows, missing column,
    wrong type, null, a repeated `key`.
    """
    frame = _read_frame(Path(path))
    if frame.empty:
        raise InputError(f"{path}: has no rows, expected at least one.")
    if _suffix(path) == ".csv":
        frame = _numbers_read(frame, schema, str(path))
    check_frame(frame, schema, where=str(path), key=key)
    return frame


def table_batches(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield these columns of a .parquet file of this project's own, some thousand rows at a time."""
    # without pre_buffer, which would keep in memory what was read
    file = pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    return (pa.Table.from_batches([batch]) for batch in file.iter_batches(_ROWS_AT_A_TIME, columns=list(columns)))


def distinct_rows(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return the different rows of these columns of a .parquet file of this project's own, as they first come."""
    pieces = [batch.to_pandas().drop_duplicates() for batch in table_batches(path, columns)]
    return pd.concat(pieces).drop_duplicates(ignore_index=True)


def write_table(frame: pd.DataFrame, path: Path, schema: pa.Schema, *, key: tuple[str, ...] = ("id",)) -> None:
    """Write the columns of `schema` to a .csv or .parquet file, checked as in `read_table`, whole or not at all."""
    check_frame(frame, schema, where=f"{path} (about to be written)", key=key)
    schema = pa.schema([field for field in schema if field.name in frame.columns])
    frame = frame[schema.names]
    with whole_or_absent(path) as partial:
        if _suffix(path) == ".csv":
            frame.to_csv(partial, index=False)
        else:
            pq.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False), partial)


def check_frame(frame: pd.DataFrame, schema: pa.Schema, *, where: str, key: tuple[str, ...] = ("id",)) -> None:
    """Raise InputError, naming `where`, unless `frame` has the columns of `schema`, no null and no repeated `key`.

    Optional columns may be absent. Of the `key` only the columns count that the frame has.
    """
    missing = [field.name for field in schema if field.name not in frame.columns and not field.metadata]
    if missing:
        raise InputError(f"{where}: no column {', '.join(missing)}; found: {', '.join(map(str, frame.columns))}.")
    for field in (field for field in schema if field.name in frame.columns):
        column = frame[field.name]
        if not field.nullable and column.isna().any():
            row = int(column.isna().to_numpy().argmax())
            raise InputError(f"{where}: column {field.name}, row {row}: null, expected {field.type}.")
        _check_type(column, field, where)
    own_key = [name for name in key if name in frame.columns]
    if own_key and (repeated := frame.duplicated(subset=own_key).to_numpy()).any():
        row = int(repeated.argmax())
        value = ", ".join(str(frame[name].iloc[row]) for name in own_key)
        raise InputError(f"{where}: column {', '.join(own_key)}, row {row}: {value!r} occurs a second time.")


def _check_type(column: pd.Series, field: pa.Field, where: str) -> None:
    try:
        pa.array(column, type=field.type, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        wanted = {pa.string(): str, pa.float64(): float}.get(field.type, int)
        row = next((row for row, value in enumerate(column) if not isinstance(value, wanted)), 0)
        found, kind = str(column.iloc[row]), type(column.iloc[row]).__name__
        raise InputError(
            f"{where}: column {field.name}, row {row}: expected {field.type}, found {found!r} ({kind})."
        ) from None


def _numbers_read(frame: pd.DataFrame, schema: pa.Schema, where: str) -> pd.DataFrame:
    """Turn the text of a CSV into the numbers that the schema wants; an empty cell is null."""
    for field in (field for field in schema if field.type == pa.float64() and field.name in frame.columns):
        values = pd.to_numeric(frame[field.name], errors="coerce")
        wrong = (values.isna() & (frame[field.name] != "")).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            found = frame[field.name].iloc[row]
            raise InputError(f"{where}: column {field.name}, row {row}: expected a number, found {found!r}.")
        frame = frame.assign(**{field.name: values.astype(float)})
    return frame


def _suffix(path: Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise InputError(f"{path}: expected a file name that ends with .csv or .parquet.")
    return suffix


def _read_frame(path: Path) -> pd.DataFrame:
    suffix = _suffix(path)
    if not path.is_file():
        raise no_such_file(path)
    try:
        if suffix == ".csv":
            return pd.read_csv(path, dtype=str, keep_default_na=False)
        return _ids_as_text(pq.ParquetFile(path).read().to_pandas())
    except pd.errors.EmptyDataError:
        raise InputError(f"{path}: is empty, expected a header line and rows.") from None
    except (pa.ArrowInvalid, OSError, pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: is no whole {suffix[1:]} file ({reason}). Make or fetch it again.") from None


def _ids_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The competition's ids are whole numbers, ours are text: compare them as text."""
    if "id" in frame.columns and pd.api.types.is_integer_dtype(frame["id"]):
        return frame.assign(id=frame["id"].astype(str))
    return frame
