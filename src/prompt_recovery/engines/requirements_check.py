"""Configs in, what this machine lacks for them out: asked before the first stage, so that hours are not lost."""

from importlib.util import find_spec
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.engines.embedder import SENTENCE_T5


def missing_requirements(run: config.RunConfig, data: config.DataConfig | None) -> list[str]:
    """Return a sentence for each thing that the stages to come need and that is not here. `data`: None when made."""
    is_made = run.base is None or run.base.from_scratch or run.init_from
    wanted = {} if is_made else {"base.model": run.base.model}
    for section, own in {"embedder": run.embedder, "score.second_embedder": run.score.second_embedder}.items():
        if own and own.kind == "sentence-t5":
            wanted[f"{section}.model"] = own.model or SENTENCE_T5
    chat_models = {"rewriter": data.rewriter, "writer": data.writer} if data else {}
    local = {section: settings for section, settings in chat_models.items() if settings and settings.model}
    wanted |= {f"{section}.model": settings.model for section, settings in local.items()}
    missing = [_missing_model(key, model) for key, model in wanted.items()]
    devices = {"device": run.device, **{f"{section}.device": own.device for section, own in local.items()}}
    if data and data.cluster and data.cluster.address:
        devices.pop("rewriter.device", None)  # its nodes'
    missing += [_missing_gpu(key) for key, device in devices.items() if device == "cuda"]
    missing += [missing_ray()] if data and data.cluster else []
    return [sentence for sentence in missing if sentence]


def missing_ray() -> str | None:
    """Say how to get Ray when it is not installed, which a section [cluster] needs."""
    if find_spec("ray"):
        return None
    return "[cluster]: Ray is not installed. Run `pip install -r requirements-cluster.txt`, on every node."


def _missing_gpu(key: str) -> str | None:
    import torch  # seconds to import

    return None if torch.cuda.is_available() else f'{key} = "cuda": no CUDA GPU is visible on this machine.'


def _missing_model(key: str, model: str) -> str | None:
    """Say why `model` cannot be had: neither a folder, nor in the hub's cache, nor on a hub that answers."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError, HTTPError, OfflineModeIsEnabled

    from prompt_recovery.engines.hub import why_not

    if (Path(model) / "config.json").is_file():
        return None
    try:
        hf_hub_download(model, "config.json")  # a few KB; of a gated model anybody gets the facts, but no file
    except HFValidationError:
        return f"{key} = {model!r}: is neither a model folder nor a hub id (owner/model)."
    except (HTTPError, OfflineModeIsEnabled, OSError) as error:
        return f"{key} = {model!r}: {why_not(error, model)}"
    return None
