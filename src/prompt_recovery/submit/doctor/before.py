"""A run in, all that can be known of it before it is trained, packaged or uploaded out: a finding a check."""

from datetime import date
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.config_file import load_toml
from prompt_recovery.engines.gpu import gpu_memory
from prompt_recovery.engines.hub_reach import silence_of_hub
from prompt_recovery.engines.memory_need import memory_need
from prompt_recovery.engines.requirements_check import missing_requirements
from prompt_recovery.places import CONFIGS, RunFolder, TriplesFolder
from prompt_recovery.submit.doctor import machine, settings
from prompt_recovery.submit.doctor.finding import Finding
from prompt_recovery.submit.doctor.made import check_stages
from prompt_recovery.submit.doctor.packaged import check_bundle, check_wheels
from prompt_recovery.submit.wheels.image import read_image

_HUB_SECONDS = 5.0


def findings_before(run: config.RunConfig, folder: RunFolder) -> list[Finding]:
    """Return what every check found, in the order in which one would mend it.

    Asks nobody but the hub, shortly. Raises InputError for a config of the run's data that is none.
    """
    silence = silence_of_hub(_HUB_SECONDS)  # first: what does not answer is not waited for again
    data = load_toml(config.DataConfig, CONFIGS / "data" / f"{run.data}.toml")
    missing = missing_requirements(run, None if TriplesFolder.named(run.data).manifest.exists() else data)
    need = memory_need(run) if run.base else None
    t4 = machine.check_t4(run, need)
    return [
        machine.this_python(),
        machine.check_packages(Path("requirements.txt")),
        *settings.check_config(run),
        machine.check_disk(Path(), need),
        machine.check_gpus(run, need, gpu_memory()),
        *([t4] if t4 else []),
        *settings.check_models(missing, silence),
        *machine.check_credentials(missing),
        *check_stages(run, folder),
        *check_wheels(run, folder.submission, read_image(), date.today()),
        *check_bundle(run, folder.submission),
    ]
