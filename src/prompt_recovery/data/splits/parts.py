"""Cleaned rows and their placement in, the files of train, valid and test and of all that is not in them out."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from prompt_recovery.data.cleaning.row_cleaning import VERDICTS, CleanedRows
from prompt_recovery.data.splits.placement import Placement
from prompt_recovery.tables import TRIPLES


def write_parts(rows: CleanedRows, placement: Placement, parts: Mapping[str, Path], verdicts: Path) -> None:
    """Write the kept rows to the file of their part, and every dropped or mended row, as it came, to `verdicts`.

    Row groups are as the rows were read, so that neither this nor a reader holds more than some thousand rows.
    """
    with ExitStack() as stack:
        writers = {part: stack.enter_context(pq.ParquetWriter(path, TRIPLES)) for part, path in parts.items()}
        others = stack.enter_context(pq.ParquetWriter(verdicts, VERDICTS))
        for table, here in _placed(rows, placement):
            kept = np.equal(placement.reason[here], None)
            for part, writer in writers.items():
                chosen = np.flatnonzero(kept & (placement.part[here] == part))
                if len(chosen):
                    writer.write_table(_with_places(table, placement, here).take(chosen).cast(TRIPLES))
            others.write_table(_dropped(table, placement.reason[here]).filter(pa.array(~kept)))
        for file in rows.verdicts:
            others.write_table(pq.read_table(file))


def _placed(rows: CleanedRows, placement: Placement) -> Iterator[tuple[pa.Table, slice]]:
    """Yield the rows of each file, and where they stand in the placement."""
    start = 0
    for file in rows.files:
        table = pq.read_table(file)
        yield table, slice(start, start + len(table))
        start += len(table)


def _with_places(table: pa.Table, placement: Placement, here: slice) -> pa.Table:
    columns = {
        "family": placement.family,
        "phrasing": placement.phrasing,
        "original_group": placement.group,
        "split": placement.split,
    }
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values[here], pa.string()))
    return table.select(TRIPLES.names)


def _dropped(table: pa.Table, reason: np.ndarray) -> pa.Table:
    verdict = pa.array([one and f"dropped: {one}" for one in reason], pa.string())
    return table.append_column("verdict", verdict).select(VERDICTS.names)
