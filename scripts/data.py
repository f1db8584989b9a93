"""Make the triples of a data config: data/triples/<name>/{train,valid,test}.parquet and their manifest."""

import argparse
from functools import partial

from prompt_recovery.data.prompt_grammar import project_prompts
from prompt_recovery.data.rewriting import load_rewriter
from prompt_recovery.data.shards import rewrite_in_shards
from prompt_recovery.data.text_sources import collect_originals
from prompt_recovery.data.triples import PARTS, TripleFiles, make_triples
from prompt_recovery.engines.embedder import remembering_embedder
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import stage_receipt
from prompt_recovery.places import TriplesFolder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="name of a folder in data/triples that `make data` configured")
    parser.add_argument("--retry-failures", action="store_true", help="ask again for the rewrites that failed")
    arguments = parser.parse_args()
    folder = TriplesFolder.named(arguments.data)
    settings = folder.read_config()
    files = TripleFiles({part: folder.part(part) for part in PARTS}, folder.hashes, folder.dropped)
    with stage_receipt(
        folder.manifest, stage="data", config=settings.model_dump(mode="json"), inputs=settings.files()
    ) as receipt:
        originals, originals_dropped = collect_originals(settings.originals, settings.seed)
        rewrite = load_rewriter(settings.rewriter, settings.seed)
        options = {"rows_per_shard": settings.rewriter.rows_per_shard, "retry_failures": arguments.retry_failures}
        in_shards = partial(rewrite_in_shards, rewrite=rewrite, folder=folder.shards, **options)
        embed = remembering_embedder(settings.clustering.embedder)
        prompts = project_prompts(settings.prompts)
        counts = make_triples(settings, originals, prompts, in_shards, files=files, embed=embed)
        receipt.counts.update(counts, originals_dropped=originals_dropped)
        receipt.outputs += [*files.parts.values(), files.hashes, files.dropped]
    print(f"{folder.path}: {receipt.counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
