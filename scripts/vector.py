"""Fit what predicts a prompt's vector from a pair of texts, and gather the bank of prompts: runs/<name>/vector."""

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import whole_or_absent
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    train = TriplesFolder.named(run.data).part("train")
    if not run.recover.tracks:
        with folder.receipt(run, "vector", train=train) as receipt:
            receipt.counts["prompts"] = 0
        return print("recover.tracks is empty: no vector is predicted")
    triples = read_table(train, TRIPLES)
    from prompt_recovery.engines.embedder import remembering_embedder  # seconds to import
    from prompt_recovery.engines.language_model import resolve_device
    from prompt_recovery.recover.prompt_bank import bank_of
    from prompt_recovery.recover.vector_regressor import fit_vector_model

    with folder.receipt(run, "vector", train=train) as receipt:
        embed = remembering_embedder(run.embedder, str(resolve_device(run.device)))
        bank = bank_of(triples["rewrite_prompt"], embed)
        model = fit_vector_model(triples, embed, run.vector, run.seed)
        with whole_or_absent(folder.vector) as partial:
            bank.save(partial / "bank")
            model.save(partial / "model")
        receipt.outputs.append(folder.vector)
        receipt.counts.update(prompts=len(bank.prompts), rows=len(model.prompts))
    print(f"{folder.vector}: {len(model.prompts):,} pairs, a bank of {len(bank.prompts):,} prompts")


if __name__ == "__main__":
    with readable_exit():
        main()
