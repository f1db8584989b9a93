"""Merge a run's adapter into its base in 16 bits, and score the two forms against each other: runs/<name>/merged."""

import time

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, write_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.answers import load_answering
from prompt_recovery.score.two_forms import score_two_forms, two_forms_table
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    test, adapter = TriplesFolder.named(run.data).part("test"), folder.adapter_of(run.method)
    folder.require(run, "train", "constant")
    constant = read_json(folder.constant, made_by=f"make constant RUN={run.name}")["rewrite_prompt"]
    truth, answers, seconds = read_table(test, TRIPLES), {}, {}
    from prompt_recovery.engines.embedder import load_embedder
    from prompt_recovery.engines.language_model import merge_adapter

    with folder.receipt(run, "merge", adapter=adapter, truth=test) as receipt:
        dtype = merge_adapter(adapter, run.base, device=run.device, into=folder.merged)
        base = run.base.model_copy(update={"model": str(folder.merged), "revision": None})
        forms = (("unmerged", run.method, run), ("merged", "base", run.model_copy(update={"base": base})))
        for form, method, served in forms:
            started = time.monotonic()
            answers[form] = load_answering(method, served, trained=adapter, constant=constant)(truth)
            seconds[form] = round(time.monotonic() - started, 1)
        document = score_two_forms(answers, truth, lambda: load_embedder(run.embedder), run.score)
        document |= {"merged_in": dtype, "method": run.method, "seconds": seconds}
        write_json(folder.merge, document)
        receipt.outputs += [folder.merged, folder.merge]
    print(f"{two_forms_table(document)}\n{folder.merged}: {dtype}, {seconds}")


if __name__ == "__main__":
    with readable_exit():
        main()
