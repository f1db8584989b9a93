"""Every setting with its type, its range and its default, frozen; the files and `--set` say only what differs."""

from prompt_recovery.config.cluster import Cluster
from prompt_recovery.config.data import (
    Calibration,
    ChatServer,
    Cleaning,
    Clustering,
    DataConfig,
    Duplicates,
    Reason,
    Rewriter,
    Split,
)
from prompt_recovery.config.embedder import Embedder
from prompt_recovery.config.imported import ImportedTriples
from prompt_recovery.config.ladder import STAGES, ladder, rungs_named
from prompt_recovery.config.originals import Originals, OriginalSource
from prompt_recovery.config.prompts import PromptFile, Prompts, Variation
from prompt_recovery.config.recovery import (
    Choice,
    Constant,
    Decoding,
    Encoder,
    Generation,
    Leaderboard,
    Prompting,
    Recover,
    Track,
    Vector,
)
from prompt_recovery.config.run import (
    Base,
    Chat,
    FromScratch,
    FullTrain,
    Lora,
    RunConfig,
    Score,
    Submit,
    Train,
    WholeWeights,
)
from prompt_recovery.config.stage_settings import STAGE_SETTINGS, stage_settings

__all__ = [
    "STAGES",
    "STAGE_SETTINGS",
    "Base",
    "Calibration",
    "Chat",
    "ChatServer",
    "Choice",
    "Cleaning",
    "Cluster",
    "Clustering",
    "Constant",
    "DataConfig",
    "Decoding",
    "Duplicates",
    "Embedder",
    "Encoder",
    "FromScratch",
    "FullTrain",
    "Generation",
    "ImportedTriples",
    "Leaderboard",
    "Lora",
    "OriginalSource",
    "Originals",
    "PromptFile",
    "Prompting",
    "Prompts",
    "Reason",
    "Recover",
    "Rewriter",
    "RunConfig",
    "Score",
    "Split",
    "Submit",
    "Track",
    "Train",
    "Variation",
    "Vector",
    "WholeWeights",
    "ladder",
    "rungs_named",
    "stage_settings",
]
