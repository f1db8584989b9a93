"""A run's config and a stage in, the settings that the stage reads with the run's method out."""

from typing import Any

from prompt_recovery.config.run import RunConfig
from prompt_recovery.methods import METHODS

# What each stage reads: only a change in these settings makes it run again.
STAGE_SETTINGS: dict[str, tuple[str, ...]] = {
    "base": ("data", "seed", "base.model", "base.from_scratch", "chat"),
    "train": ("data", "init_from", "seed", "device", "method", "base", "chat", "embedder"),
    "constant": ("data", "device", "embedder", "constant", "leaderboard.cluster_constants", "leaderboard.clusters"),
    "vector": ("data", "recover.tracks"),
    "choose": ("data", "recover.tracks"),
    "recover": ("data", "device", "method", "base", "chat", "generation", "recover"),
    "score": ("data", "embedder", "score"),
    "merge": ("data", "device", "method", "base", "chat", "generation", "embedder", "score"),
    "submit": ("embedder", "submit"),
}
_OF_TRAINING = {
    "adapter": ("lora", "train"),
    "all": ("whole_weights", "train"),
    "last layers": ("whole_weights", "train"),
}
_OF_SHOTS = {"fixed": ("seed", "prompting"), "nearest": ("seed", "prompting", "embedder")}
_OF_ANSWERS = ("seed", "device", "method", "base", "chat", "generation")
_OF_CHOOSING = (*_OF_ANSWERS, "embedder", "decoding", "choice", "leaderboard")
_OF_TRACKS = {
    "vector": ("seed", "device", "embedder", "vector"),
    "choose": _OF_CHOOSING,
    "recover": _OF_CHOOSING,
}


def stage_settings(config: RunConfig, stage: str) -> dict[str, Any]:
    """Return the settings that `stage` reads with the run's method, as JSON values by dotted key."""
    method, keys = METHODS[config.method], STAGE_SETTINGS[stage]
    keys += _OF_TRAINING.get(method.trains, ()) if stage == "train" else ()
    keys += _OF_SHOTS.get(method.shots, ()) if stage == "recover" else ()
    keys += _OF_TRACKS.get(stage, ()) if config.recover.tracks else ()
    settings = {}
    for key in keys:
        value = config.model_dump(mode="json")
        for step in key.split("."):
            value = value[step] if value is not None else None  # base.model, of a run without [base]
        settings[key] = value
    return settings
