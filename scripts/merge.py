"""Merge a run's adapter into its base in 16 bits, and score the two forms against each other: runs/<name>/merged."""

import time

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, write_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.answers import answers_by
from prompt_recovery.score.two_forms import score_two_forms, two_forms_table
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    folder.require(run, "train", "constant")
    constant = read_json(folder.constant, made_by=f"make constant RUN={run.name}")["rewrite_prompt"]
    test = TriplesFolder.named(run.data).part("test")
    truth, answers, seconds = read_table(test, TRIPLES), {}, {}
    from prompt_recovery.engines.embedder import load_embedder
    from prompt_recovery.engines.language_model import merge_adapter  # seconds to import

    with folder.receipt(run, "merge", adapter=folder.adapter, truth=test) as receipt:
        dtype = merge_adapter(folder.adapter, run.base, device=run.device, into=folder.merged)
        own_base = run.base.model_copy(update={"model": str(folder.merged), "revision": None})
        merged = run.model_copy(update={"base": own_base})
        for form, method, served in (("unmerged", "adapter", run), ("merged", "base", merged)):
            started = time.monotonic()
            answers[form] = answers_by(method, truth, served, adapter=folder.adapter, constant=constant)
            seconds[form] = round(time.monotonic() - started, 1)
        document = score_two_forms(answers, truth, lambda: load_embedder(run.embedder), run.score)
        facts = {"merged_in": dtype, "quantised": run.base.quantisation, "seconds": seconds}
        write_json(folder.merge, document | facts)
        receipt.outputs += [folder.merged, folder.merge]
    print(f"{two_forms_table(document)}\n{folder.merged}: {facts}")


if __name__ == "__main__":
    with readable_exit():
        main()
