"""A file of real triples in; seconds, rows/s and peak memory of stage 1 on so many imported rows out.

The rows are made of the file's own sentences: each has the prompt and the length of a real row, its texts are a
sentence each of the original and of the rewrite of other rows, drawn at random, so that the two have words in common
as real ones do, and no two rows are near copies; but 1 in 50, which is one of the row before.

    python benchmarks/import_triples.py --triples TRIPLES.parquet --rows 100_000 1_000_000
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_COLUMNS = ["original_text", "rewrite_prompt", "rewritten_text"]
_ROWS_AT_A_TIME = 10_000
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--triples", type=Path, required=True, help=f"Parquet with {', '.join(_COLUMNS)}")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(_measured(arguments.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for rows in arguments.rows:
            file = Path(folder) / f"{rows}.parquet"
            _write(arguments.triples, rows, file)
            command = [sys.executable, __file__, "--triples", arguments.triples, "--measure", file]
            started = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            peak = _peak_bytes(process)
            found = json.loads(process.communicate()[0].splitlines()[-1])
            seconds = time.monotonic() - started - found["embedding"]
            kept = sum(found["counts"]["kept"].values())
            print(
                f"{rows} rows, {file.stat().st_size / 2**30:.2f} GiB: {seconds:.0f} s without embedding, "
                f"{1e6 * seconds / rows:.0f} us a row, {rows / seconds:.0f} rows/s; {kept} kept; largest sum of all "
                f"processes {peak / 2**30:.2f} GiB; embedding of {found['prompts']} prompts {found['embedding']:.0f} s"
            )
            print(found["counts"])


def _write(source: Path, rows: int, target: Path) -> None:
    table = pq.read_table(source, columns=_COLUMNS).to_pydict()
    real = list(zip(*(table[name] for name in _COLUMNS), strict=True))
    sentences = [(_SENTENCE_END.split(original), _SENTENCE_END.split(rewritten)) for original, _, rewritten in real]
    rng = random.Random(rows)
    with pq.ParquetWriter(target, pa.schema([(name, pa.string()) for name in _COLUMNS])) as writer:
        for start in range(0, rows, _ROWS_AT_A_TIME):
            made = [_row(rng.choice(real), sentences, rng) for _ in range(min(_ROWS_AT_A_TIME, rows - start))]
            for place in range(50, len(made), 50):
                original, prompt, rewritten = made[place - 1]
                made[place] = original.replace("the", "this", 1), prompt, rewritten
            writer.write_table(pa.table(dict(zip(_COLUMNS, zip(*made, strict=True), strict=True))))


def _row(
    real: tuple[str, str, str], sentences: Sequence[tuple[list[str], list[str]]], rng: random.Random
) -> tuple[str, str, str]:
    """Return texts that are together about as long as those of `real`."""
    missing, texts = len(real[0]) + len(real[2]), ([], [])
    while missing > 0:
        for text, own in zip(texts, rng.choice(sentences), strict=True):
            text.append(rng.choice(own))
            missing -= len(text[-1])
    return " ".join(texts[0]), real[1], " ".join(texts[1])


def _measured(file: Path) -> dict[str, object]:
    from prompt_recovery.config import DataConfig, ImportedTriples, Rewriter, Split
    from prompt_recovery.data.generation import Generated
    from prompt_recovery.data.triples import make_triples
    from prompt_recovery.engines.embedder import remembering_embedder
    from prompt_recovery.places import TriplesFolder

    settings = DataConfig(
        name="benchmark",
        rewriter=Rewriter(kind="none"),
        imported=(ImportedTriples(path=str(file)),),
        split=Split(max_train_rows_per_family=10**9),
    )
    embedder, spent, prompts = remembering_embedder(settings.clustering.embedder), [0.0], set()

    def embed(texts: Sequence[str]) -> np.ndarray:
        started = time.monotonic()
        vectors = embedder(texts)
        spent[0] += time.monotonic() - started
        prompts.update(texts)
        return vectors

    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        counts = make_triples(settings, Generated(), TriplesFolder(Path(folder)), embed)
    return {"counts": counts, "embedding": spent[0], "prompts": len(prompts)}


def _peak_bytes(process: subprocess.Popen) -> int:
    """Return the largest sum of the proportional memory of a process and its children, looked at twice a second."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_bytes(pid) for pid in _tree(process.pid)))
        time.sleep(0.5)
    return peak


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in children:
        yield from _tree(int(child))


def _bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
