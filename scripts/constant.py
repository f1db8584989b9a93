"""Choose the constant prompt of a run among its training prompts: runs/<name>/constant.json."""

from dataclasses import asdict

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import write_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.constant import choose_constant
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    train = TriplesFolder.named(run.data).part("train")
    prompts = read_table(train, TRIPLES)["rewrite_prompt"]
    from prompt_recovery.engines.embedder import load_embedder  # seconds to import

    with folder.receipt(run, "constant", train=train) as receipt:
        embedder = load_embedder(run.embedder)
        constant = choose_constant(prompts, embedder, run.constant.seeds)
        write_json(folder.constant, asdict(constant) | {"embedder": embedder.name})
        receipt.outputs.append(folder.constant)
    print(f"{folder.constant}: {constant.rewrite_prompt!r}, SCS {constant.train_score:.3f} on train ({embedder.name})")


if __name__ == "__main__":
    with readable_exit():
        main()
