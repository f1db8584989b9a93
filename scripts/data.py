"""Make the triples of a data config: data/triples/<name>/{train,valid,test}.parquet and their manifest."""

import argparse

from prompt_recovery.data.generation import generate
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
    config, inputs = settings.model_dump(mode="json"), settings.files()
    with stage_receipt(folder.manifest, stage="data", config=config, inputs=inputs) as receipt:
        embed = remembering_embedder(settings.clustering.embedder)
        places = {"shards": folder.shards, "written": folder.written}
        generated = generate(settings, **places, embed=embed, retry_failures=arguments.retry_failures)
        receipt.counts.update(make_triples(settings, generated, files=files, embed=embed))
        receipt.outputs += [*files.parts.values(), files.hashes, files.dropped]
    print(f"{folder.path}: {receipt.counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
