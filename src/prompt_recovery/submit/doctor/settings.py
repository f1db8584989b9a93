"""A run's config in, whether its models can be had here and on Kaggle, and whether Kaggle would take it, out."""

from collections.abc import Sequence
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.methods import METHODS, asks_embedder
from prompt_recovery.places import CONFIGS
from prompt_recovery.run_chain import require_adapters, require_chain
from prompt_recovery.submit.doctor.finding import Finding
from prompt_recovery.submit.metadata import dataset_metadata, kernel_metadata

_NOT_AN_OWNER = config.Submit().owner


def check_config(run: config.RunConfig, configs: Path = CONFIGS) -> list[Finding]:
    """Look at what `make` or Kaggle would refuse of a config that is valid by itself."""
    file = configs / "run" / f"{run.name}.toml"
    findings = []
    try:
        require_chain(run, configs / "run")
        require_adapters(run, configs / "run")
        dataset_metadata(run), kernel_metadata(run)
        findings.append(Finding("config", "ok", f"{file}: whole, and names that Kaggle takes"))
    except InputError as error:
        findings.append(Finding("config", "problem", str(error)))
    if run.submit.owner == _NOT_AN_OWNER:
        remedy = f"set submit.owner in {file}, then run `make submit RUN={run.name}`"
        findings.append(Finding("submit.owner", "warning", "not set", "your Kaggle name, for `make upload`", remedy))
    else:
        findings.append(Finding("submit.owner", "ok", run.submit.owner))
    return findings + _unmounted(run, file)


def _unmounted(run: config.RunConfig, file: Path) -> list[Finding]:
    """Name each model that answers, is on the hub, and would be neither in the bundle nor mounted beside it."""
    base = run.base if run.base and METHODS[run.method].needs_base else None
    is_made = base and (base.from_scratch or run.init_from)
    hub = {"base": base.model if base and not is_made else None}
    hub["embedder"] = run.embedder.weights if asks_embedder(run.method, run.recover.tracks) else None
    findings = []
    for name, model in hub.items():
        key, source = f"submit.{name}_source", run.submit.sources.get(name)
        if source:
            findings.append(Finding(key, "ok", f"{source}, mounted for {model}"))
        elif model and not Path(model).is_dir():
            remedy = f"set {key} in {file}, or give {name}.model as a folder below the project's"
            expected = "owner/model/framework/variation/version, or a data set, owner/slug"
            findings.append(Finding(key, "problem", f"not set, and {model} is no folder here", expected, remedy))
    return findings


def check_models(missing: Sequence[str], silence: str | None) -> list[Finding]:
    """Say what of models and devices is missing, in the words of the check that `make` begins with.

    `silence`: why the hub does not answer, None when it does.
    """
    gpu = 'device = "cuda": no CUDA GPU'  # the GPU has a line of its own
    sentences = [sentence for sentence in missing if gpu not in sentence]
    findings = [Finding(*_subject(sentence)) for sentence in sentences]
    if not findings:
        findings = [Finding("models", "ok", "all that the stages ask for can be had")]
    if silence is None:
        return [Finding("hub", "ok", "answers"), *findings]
    if findings[0].state == "ok":
        return [Finding("hub", "ok", f"{silence}; nothing of this run is asked of it"), *findings]
    return [Finding("hub", "warning", silence, remedy="connect to it, or give folders"), *findings]


def _subject(sentence: str) -> tuple[str, str, str]:
    """Part a sentence such as `base.model = 'x': is gated.` into the key and the rest."""
    key, _, rest = sentence.partition(" ")
    return key.rstrip(":"), "problem", rest.removeprefix("= ")
