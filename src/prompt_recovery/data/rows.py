"""Planned and rewritten tasks, or the user's files, in; rows of one schema out, piece by piece, not yet cleaned."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa

from prompt_recovery import config
from prompt_recovery.data.splits.splitting import PlannedTask
from prompt_recovery.engines.reply import Reply
from prompt_recovery.text_columns import text_batches

GENERATED = 0  # the origin of rows that were made here; an imported file's is its place, from 1
ROWS_AT_A_TIME = 2_000

# What is null: the id, family, phrasing, part and split of an imported row, which are found later, and a text or
# group that its file does not give; the failure of a rewrite that there is.
ROWS = pa.schema(
    [("origin", pa.int16())]
    + [
        (name, pa.string())
        for name in (
            "id original_text rewrite_prompt rewritten_text failure original_source original_group rewriter "
            "family phrasing part split"
        ).split()
    ]
)


def generated_rows(
    plan: Mapping[str, PlannedTask], replies: Mapping[str, Reply], rewriter: str
) -> Iterator[pa.RecordBatch]:
    """Yield the planned tasks, by id, with what the rewriter made of them."""
    remaining = iter(plan.items())
    while some := list(islice(remaining, ROWS_AT_A_TIME)):
        rows = [_generated(key, planned, replies[key], rewriter) for key, planned in some]
        yield pa.RecordBatch.from_pylist(rows, schema=ROWS)


def imported_rows(files: Sequence[config.ImportedTriples]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of each file. Raises InputError naming the file: what `text_batches` refuses."""
    for origin, file in enumerate(files, start=GENERATED + 1):
        names = file.columns()
        for table in text_batches(Path(file.path), list(names.values())):
            for start in range(0, len(table), ROWS_AT_A_TIME):
                yield _imported(table.slice(start, ROWS_AT_A_TIME), origin, file, names)


def _generated(key: str, planned: PlannedTask, reply: Reply, rewriter: str) -> dict[str, object]:
    original, prompt = planned.task
    return {
        "origin": GENERATED,
        "id": key,
        "original_text": original.text,
        "rewrite_prompt": prompt.text,
        "rewritten_text": reply.text,
        "failure": reply.failure,
        "original_source": original.source,
        "original_group": original.group,
        "rewriter": rewriter,
        "family": prompt.family,
        "phrasing": prompt.phrasing,
        "part": planned.part,
        "split": planned.split,
    }


def _imported(table: pa.Table, origin: int, file: config.ImportedTriples, names: Mapping[str, str]) -> pa.RecordBatch:
    constants = {"origin": origin, "rewriter": file.rewriter, "original_source": file.label}
    columns = []
    for field in ROWS:
        if field.name in names:
            columns.append(table[names[field.name]].cast(field.type).combine_chunks())
        else:
            columns.append(pa.array([constants.get(field.name)] * len(table), field.type))
    return pa.RecordBatch.from_arrays(columns, schema=ROWS)
