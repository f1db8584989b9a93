"""Configs in, what this machine lacks for them out: asked before the first stage, so that hours are not lost."""

import json
from importlib.util import find_spec
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.engines.sentence_t5 import pieces_file
from prompt_recovery.errors import InputError

_ENCODERS = ("embedder.model", "score.second_embedder.model", "vector.encoder.model")


def missing_requirements(run: config.RunConfig, data: config.DataConfig | None) -> list[str]:
    """Return a sentence for each thing that the stages to come need and that is not here. `data`: None when made."""
    is_made = run.base is None or run.base.from_scratch or run.init_from
    wanted = {} if is_made else {"base.model": run.base.model}
    embedders = {"embedder.model": run.embedder, "score.second_embedder.model": run.score.second_embedder}
    wanted |= {key: own.weights for key, own in embedders.items() if own and own.weights}
    if run.recover.tracks and run.vector.encoder and run.vector.encoder.model:
        wanted["vector.encoder.model"] = run.vector.encoder.model
    chat_models = {"rewriter": data.rewriter, "writer": data.writer} if data else {}
    local = {section: settings for section, settings in chat_models.items() if settings and settings.model}
    wanted |= {f"{section}.model": settings.model for section, settings in local.items()}
    revisions = {"base.model": run.base and run.base.revision}
    kinds = {key: own.kind for key, own in embedders.items() if own}
    missing = [_missing_model(key, model, revisions.get(key), kinds.get(key)) for key, model in wanted.items()]
    devices = {"device": run.device, **{f"{section}.device": own.device for section, own in local.items()}}
    if data and data.cluster and data.cluster.address:
        devices.pop("rewriter.device", None)  # its nodes'
    missing += [_missing_gpu(key) for key, device in devices.items() if device == "cuda"]
    missing += [missing_ray()] if data and data.cluster else []
    missing += [missing_tensorboard()] if run.train.tensorboard else []
    return [sentence for sentence in missing if sentence]


def missing_ray() -> str | None:
    """Say how to get Ray when it is not installed, which a section [cluster] needs."""
    if find_spec("ray"):
        return None
    return "[cluster]: Ray is not installed. Run `pip install -r requirements-cluster.txt`, on every node."


def missing_tensorboard() -> str | None:
    """Say how to get TensorBoard when it is not installed, which `train.tensorboard` needs (55 MB in all)."""
    if find_spec("tensorboard"):
        return None
    return "train.tensorboard: TensorBoard is not installed. Run `pip install tensorboard==2.21.0`."


def _missing_gpu(key: str) -> str | None:
    import torch  # seconds to import

    return None if torch.cuda.is_available() else f'{key} = "cuda": no CUDA GPU is visible on this machine.'


def _missing_model(key: str, model: str, revision: str | None, kind: str | None) -> str | None:
    """Say why `model` cannot be had: not a folder, not in the hub's cache, not on a hub that answers, or no such model.

    `kind`: of an embedder. What else than an encoder `vector.encoder.model` is, its loading says.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError, HTTPError, OfflineModeIsEnabled

    from prompt_recovery.engines.hub import why_not

    settings = Path(model) / "config.json"
    try:
        if not settings.is_file():  # a few KB; of a gated model anybody gets the facts, but no file
            settings = Path(hf_hub_download(model, "config.json", revision=revision))
    except HFValidationError:
        return f"{key} = {model!r}: is neither a model folder nor a hub id (owner/model)."
    except (HTTPError, OfflineModeIsEnabled, OSError) as error:
        return f"{key} = {model!r}: {why_not(error, model)}"
    if key in _ENCODERS:
        return _missing_pieces(model) if kind == "sentence-t5" else None
    return _not_causal(key, model, revision, settings)


def _not_causal(key: str, model: str, revision: str | None, settings: Path) -> str | None:
    """Say what else than a causal language model the file `settings`, its config.json, describes."""
    try:
        if any(name.endswith("ForCausalLM") for name in json.loads(settings.read_bytes())["architectures"]):
            return None
    except (ValueError, KeyError, TypeError):
        pass  # what is wrong with the file, transformers says below
    from prompt_recovery.engines.pretrained import require_causal  # seconds to import

    try:
        require_causal(model, revision)
    except InputError as error:
        return f"{key} = {error}"
    return None


def _missing_pieces(model: str) -> str | None:
    """Say so when a sentence-t5, which is there, has no SentencePiece file and so gives no vectors."""
    try:
        pieces_file(model)
    except InputError as error:
        return str(error)
    return None
