"""A trained run in; rows/s of the notebook's queue and of one process that answers row by row out.

Both answer validation pairs by the run's own answerer, as in the notebook. The queue's seconds are from its call to its
return: starting and loading its workers is in them, and told apart. The row-by-row process is timed on a sample, once
it is loaded and warm.

    python benchmarks/queue_throughput.py --run runs/tiny
"""

import functools
import tempfile
import time
from pathlib import Path

from prompt_recovery.engines.gpu import count_gpus
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.answering import load_answerer, question_lengths
from prompt_recovery.submit.queue.dealing import Limits, answer_all
from prompt_recovery.submit.queue.journal import Journal
from prompt_recovery.submit.rehearsal.given_tables import hidden_rows
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--sample", type=int, default=100, help="rows that the row-by-row process is timed on")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    run = given.run.read_config()
    valid = read_table(TriplesFolder.named(run.data).part("valid"), TRIPLES)
    pairs = hidden_rows(valid, given.rows, given.seed)
    gpus = list(range(count_gpus())) if run.device != "cpu" else [None] * run.submit.cpu_workers
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        progress = answer_all(
            pairs,
            functools.partial(question_lengths, given.run.path, pairs),
            functools.partial(load_answerer, given.run.path.resolve()),
            default="",
            limits=Limits(run.generation.batch_size, 900.0, 900.0, started + 3600),
            gpus=gpus,
            journal=Journal(Path(scratch) / "answers.jsonl", "benchmark"),
            save=lambda progress: None,
        )
    seconds = time.monotonic() - started
    unanswered = f"; {progress.problems}" if progress.problems else ""
    print(f"queue, {len(progress.workers)} workers: {len(pairs)} rows in {seconds:.1f} s with all loading{unanswered}")
    queued = progress.report()["rows_per_second"]
    answer, sample = load_answerer(given.run.path), pairs.sample(given.sample, random_state=given.seed)
    answer(sample.head(1))
    started = time.monotonic()
    for row in range(len(sample)):
        answer(sample.iloc[[row]].reset_index(drop=True))
    single = len(sample) / (time.monotonic() - started)
    times = f"row by row {single:.1f} rows/s ({len(sample)} rows): {queued / single:.1f} times"
    print(f"answering: queue {queued:.1f} rows/s, {times}")


if __name__ == "__main__":
    main()
