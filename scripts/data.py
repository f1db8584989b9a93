"""Make the triples of a data config: data/triples/<name>/{train,valid,test}.parquet and their manifest."""

import argparse
from functools import partial

from prompt_recovery.data.prompt_grammar import project_prompts
from prompt_recovery.data.rewriting import load_rewriter
from prompt_recovery.data.shards import rewrite_in_shards
from prompt_recovery.data.text_sources import collect_originals
from prompt_recovery.data.triples import make_triples
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import stage_receipt
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import TRIPLES, write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="name of a folder in data/triples that `make data` configured")
    parser.add_argument("--retry-failures", action="store_true", help="ask again for the rewrites that failed")
    arguments = parser.parse_args()
    folder = TriplesFolder.named(arguments.data)
    settings = folder.read_config()
    config, files = settings.model_dump(mode="json"), settings.originals.files()
    with stage_receipt(folder.manifest, stage="data", config=config, inputs=files) as receipt:
        originals, originals_dropped = collect_originals(settings.originals, settings.seed)
        rewrite = load_rewriter(settings.rewriter, settings.seed)
        options = {"rows_per_shard": settings.rewriter.rows_per_shard, "retry_failures": arguments.retry_failures}
        in_shards = partial(rewrite_in_shards, rewrite=rewrite, folder=folder.shards, **options)
        triples = make_triples(settings, originals, project_prompts(settings.prompts), in_shards)
        for part, frame in triples.parts.items():
            write_table(frame, folder.part(part), TRIPLES)
            receipt.outputs.append(folder.part(part))
        receipt.counts.update(triples.counts, originals_dropped=originals_dropped)
    print(f"{folder.path}: {receipt.counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
