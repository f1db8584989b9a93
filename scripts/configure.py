"""Resolve a run's configs, check that this machine can run it, and write the settings that `make` watches."""

import argparse
from pathlib import Path

from prompt_recovery.config import DataConfig, RunConfig, rungs_named
from prompt_recovery.config_file import load_toml
from prompt_recovery.engines.requirements_check import missing_requirements
from prompt_recovery.errors import InputError, readable_exit
from prompt_recovery.manifest import write_json_if_changed
from prompt_recovery.places import CONFIGS, RunFolder, TriplesFolder
from prompt_recovery.run_chain import require_adapters, require_chain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, help="name of configs/run/<name>.toml")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="run settings, such as lora.rank=8")
    parser.add_argument("--set-data", nargs="*", default=[], metavar="KEY=VALUE", help="settings of the run's data")
    parser.add_argument("--rungs", nargs="*", default=[], metavar="NAME", help="also runs that it is compared with")
    arguments = parser.parse_args()
    run = load_toml(RunConfig, CONFIGS / "run" / f"{arguments.run}.toml", arguments.set)
    require_chain(run, CONFIGS / "run")
    require_adapters(run, CONFIGS / "run")
    data = load_toml(DataConfig, CONFIGS / "data" / f"{run.data}.toml", arguments.set_data)
    folder, triples = RunFolder(Path("runs") / run.name), TriplesFolder.named(run.data)
    rungs = rungs_named(run, arguments.rungs)
    missing = missing_requirements(run, None if triples.manifest.exists() else data)
    if missing:
        raise InputError(f"run {run.name} cannot run on this machine:" + "".join(f"\n  {line}" for line in missing))

    write_json_if_changed(triples.config, data.model_dump(mode="json"))
    folder.write_config(run)
    for name, own in rungs.items():
        folder.rung(name).write_config(own)


if __name__ == "__main__":
    with readable_exit():
        main()
