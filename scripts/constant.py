"""Search the constant prompts of a run on its training prompts: runs/<name>/constant.json."""

import shutil

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import write_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.constants.constant import constant_document, constants_of_run, constants_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    triples = TriplesFolder.named(run.data)
    from prompt_recovery.engines.embedder import in_bfloat16, load_embedder  # seconds to import
    from prompt_recovery.engines.language_model import resolve_device

    with folder.receipt(run, "constant", train=triples.part("train"), valid=triples.part("valid")) as receipt:
        device = str(resolve_device(run.device))
        embedder = load_embedder(run.embedder, device)
        constants = constants_of_run(
            run, triples, embedder, in_bfloat16(embedder, device), states=folder.constant_states
        )
        write_json(folder.constant, constant_document(constants))
        receipt.outputs.append(folder.constant)
    shutil.rmtree(folder.constant_states, ignore_errors=True)
    print(f"{folder.constant}\n{constants_table(constants)}")


if __name__ == "__main__":
    with readable_exit():
        main()
