"""A trained run in; rows/s of this project's generation and of a loop that calls `model.generate` a row at a time out.

Pairs of mixed length are drawn from all parts of the run's data. The loop is what a notebook does: a question is
encoded, answered in a batch of one and decoded; it is timed on a sample of the pairs, drawn from all lengths. Both are
given the same loaded model, the fastest of some repeats counts for each, and how many texts differ is counted. Then
the same with several openings and samples, where the loop calls `generate` once for each answer.

    python benchmarks/generation_speed.py --run runs/tiny
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch

from prompt_recovery.config import Generation
from prompt_recovery.engines.recoverer import Recoverer, load_recoverer
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.answers import recover_prompts
from prompt_recovery.recover.batching import one_line
from prompt_recovery.recover.model_hypotheses import model_hypotheses
from prompt_recovery.tables import PAIRS

OPENINGS = ("", "Rewrite", "Make this")


def drawn_pairs(data: TriplesFolder, rows: int, seed: int) -> pd.DataFrame:
    """Return `rows` pairs, drawn from all parts."""
    parts = [pd.read_parquet(path, columns=PAIRS.names) for path in data.parts().values()]
    return pd.concat(parts).sample(rows, random_state=seed).reset_index(drop=True)


@dataclass(frozen=True)
class Watch:
    """Takes the least time of some calls, by the wall or by the processor."""

    clock: Callable[[], float]
    repeats: int

    def seconds_of(self, call: Callable[[], Any]) -> tuple[float, Any]:
        """Return the least seconds of the calls, and what the last one gave."""
        seconds = []
        for _ in range(self.repeats):
            started = self.clock()
            found = call()
            seconds.append(self.clock() - started)
        return min(seconds), found


@torch.inference_mode()
def one_answer(model: Recoverer, pair: Any, opening: str = "", **sampling: Any) -> str:
    """Encode a pair, call `generate` in a batch of one, decode: a row of the loop."""
    ids = [*model.encode(pair.original_text, pair.rewritten_text), *model.chat.opening_ids(opening)]
    said = model.model.generate(
        input_ids=torch.tensor([ids], device=model.model.device),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long, device=model.model.device),
        max_new_tokens=model.max_new_tokens,
        eos_token_id=model.chat.stop_ids(),
        pad_token_id=model.tokenizer.pad_token_id,
        **sampling,
    )[0, len(ids) :]
    return one_line(opening + model.tokenizer.decode(said, skip_special_tokens=True))


def single_answers(model: Recoverer, pairs: pd.DataFrame, sample: pd.DataFrame, batch_size: int, watch: Watch) -> None:
    """Print the seconds of one greedy answer a row, ours and the loop's."""
    options = {"encode": model.encode, "generate": model.generate, "constant": "", "batch_size": batch_size}
    ours, answers = watch.seconds_of(lambda: recover_prompts(pairs, **options))
    rows = list(sample.itertuples())
    loop, texts = watch.seconds_of(lambda: [one_answer(model, pair, do_sample=False) for pair in rows])
    own = answers.set_index("id")["rewrite_prompt"].loc[sample["id"]]
    different = sum(one != other for one, other in zip(own, texts, strict=True))
    print_speeds("one answer a row", len(pairs) / ours, len(sample) / loop, len(pairs))
    print(f"  {different} of {len(sample)} texts differ")


def several_answers(
    model: Recoverer, pairs: pd.DataFrame, sample: pd.DataFrame, settings: Generation, watch: Watch
) -> None:
    """Print the seconds of all answers of `settings`, ours and the loop's."""

    def answer(prompts, keys):
        return model.answer_variously(prompts, keys, settings, 0)

    options = {"encode": model.encode, "answerers": [("", answer)], "batch_size": settings.batch_size}
    ours, said = watch.seconds_of(lambda: model_hypotheses(pairs, **options))

    def loop() -> list[str]:
        torch.manual_seed(0)
        kinds = [{"do_sample": False}]
        kinds += [{"do_sample": True, "temperature": settings.temperature, "top_k": 0}] * settings.samples
        return [
            one_answer(model, pair, opening, **kind)
            for pair in sample.itertuples()
            for opening in settings.openings
            for kind in kinds
        ]

    seconds, texts = watch.seconds_of(loop)
    table = said.table[said.table["sample"] == 0].set_index(["id", "opening"])["rewrite_prompt"]
    wanted = [(pair, opening) for pair in sample["id"] for opening in settings.openings]
    greedy = texts[:: 1 + settings.samples]
    different = sum(table.get(key) != text for key, text in zip(wanted, greedy, strict=True))
    title = f"{len(settings.openings)} openings, each greedily and {settings.samples} samples"
    print_speeds(title, (len(said.table) + said.dropped[""]) / ours, len(texts) / seconds, len(pairs))
    print(f"  {different} of {len(greedy)} greedy texts differ")


def print_speeds(title: str, ours: float, loop: float, rows: int) -> None:
    print(f"{title}, {rows} rows: ours {ours:.1f} answers/s, loop {loop:.1f} answers/s: {ours / loop:.1f} times")


def main() -> None:
    parser: argparse.ArgumentParser = run_parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--sample", type=int, default=100, help="rows that the loop is timed on")
    parser.add_argument("--several-rows", type=int, default=96, help="rows that are answered with several openings")
    parser.add_argument("--batch-size", type=int, help="questions at once, where not the run's")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: one thread, on a busy machine")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    watch = Watch(time.perf_counter if given.clock == "wall" else time.process_time, given.repeats)
    if given.clock == "cpu":
        torch.set_num_threads(1)
    run = given.run.read_config()
    batch_size = given.batch_size or run.generation.batch_size
    model = load_recoverer(run, given.run.trained(run.method))
    pairs = drawn_pairs(TriplesFolder.named(run.data), given.rows, given.seed)
    sample = pairs.sample(given.sample, random_state=given.seed)
    one_answer(model, next(sample.itertuples()), do_sample=False)  # the first call is slower
    single_answers(model, pairs, sample, batch_size, watch)
    several, few = pairs.head(given.several_rows), pairs.head(given.several_rows).head(given.sample // 10)
    settings = run.generation.model_copy(update={"openings": OPENINGS, "samples": 2, "batch_size": batch_size})
    several_answers(model, several, few, settings, watch)


if __name__ == "__main__":
    main()
