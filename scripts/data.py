"""Make the triples of a data config: data/triples/<name>/{train,valid,test}.parquet and their manifest."""

import argparse

from prompt_recovery.data.originals import own_originals
from prompt_recovery.data.prompts import own_prompts
from prompt_recovery.data.rewriting import rewriter_by_chat, rewriter_by_rules
from prompt_recovery.data.triples import make_triples
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import stage_receipt
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import TRIPLES, write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="name of a folder in data/triples that `make data` configured")
    folder = TriplesFolder.named(parser.parse_args().data)
    settings = folder.read_config()
    with stage_receipt(folder.manifest, stage="data", config=settings.model_dump(mode="json"), inputs={}) as receipt:
        if settings.rewriter.kind == "rules":
            rewrite = rewriter_by_rules(settings.seed)
        else:
            from prompt_recovery.engines.recoverer import load_chat_answerer

            rewrite = rewriter_by_chat(load_chat_answerer(settings.rewriter))
        originals = own_originals(settings.originals, settings.seed)
        triples = make_triples(settings, originals, own_prompts(), rewrite)
        for part, frame in triples.parts.items():
            write_table(frame, folder.part(part), TRIPLES)
            receipt.outputs.append(folder.part(part))
        receipt.counts.update(triples.counts)
    print(f"{folder.path}: {triples.counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
