"""Every setting with its type, its range and its default, frozen; the files and `--set` say only what differs."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Originals(_Section):
    """The project's own passages, with their slots filled and a run of their sentences taken."""

    count: Count = 6_000
    max_words: Annotated[int, Field(ge=12, le=350)] = 30


class Rewriter(_Section):
    """Who rewrites: `rules` (no model), or `transformers`: a local or hub chat model."""

    kind: Literal["rules", "transformers"] = "rules"
    model: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    quantisation: Literal["none", "int8", "nf4"] = "nf4"
    max_new_tokens: Count = 512
    batch_size: Count = 32


class Split(_Section):
    """Rows of each split, and what is held out of training for S1 and S2 (counts are per valid and per test)."""

    train_rows: Count = 32_000
    valid_rows: Count = 100  # of each of S0, S1, S2
    test_rows: Count = 200  # of each of S0, S1, S2
    held_out_originals: Share = 0.1  # share of original groups
    held_out_phrasings: Count = 1  # of every seen family
    held_out_families: Count = 10


Reason = Literal["refusal", "unchanged", "too_long", "length_ratio", "truncated", "prompt_leak", "wrong_language"]


class Cleaning(_Section):
    """How a rewritten text is mended, and which drop its row; too much dropped is an error, not a smaller data set.

    Not every reason is right for every rewriter: a server that reports cut-off answers needs no `truncated`, and a
    test set with the rewriter's own faults in it needs `unchanged` and `openings = "keep"`.
    """

    openings: Literal["strip", "drop", "keep"] = "strip"  # "Sure, here is the rewritten text:"
    keep: tuple[Reason, ...] = ()  # reasons that drop nothing
    min_length_ratio: Share = 0.01  # words of the rewrite / words of the original
    max_length_ratio: Positive = 8.0
    ratio_from_words: Count = 20  # a shorter original counts as so long: a sentence may well grow to a paragraph
    max_words: Count = 500
    leak_words: Annotated[int, Field(ge=3)] = 7  # a run of words that prompt and rewrite share by no chance
    max_dropped_share: Share = 0.2


class DataConfig(_Section):
    """configs/data/<name>.toml: which triples are made."""

    name: str
    seed: int = 0
    originals: Originals = Originals()
    rewriter: Rewriter = Rewriter()
    split: Split = Split()
    cleaning: Cleaning = Cleaning()


class Train(_Section):
    epochs: Positive = 1.0
    learning_rate: Positive = 2e-4
    batch_tokens: Count = 16_384  # tokens of one forward pass, padding included
    accumulate: Count = 1  # forward passes a step
    warmup_share: Share = 0.03
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Positive = 1.0
    activation_checkpointing: bool = True
    validations: Count = 8  # how often the validation loss is taken


class FullTrain(Train):
    """Training of all the weights of a small model."""

    validations: Count = 4
    learning_rate: Positive = 2.5e-3
    batch_tokens: Count = 2_048
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    activation_checkpointing: bool = False


class FromScratch(_Section):
    """The embedded tiny base: a tokeniser and a Llama, trained on some of the training rows."""

    vocabulary: Annotated[int, Field(ge=512)] = 6_144
    hidden_size: Annotated[int, Field(ge=64, multiple_of=64)] = 128
    intermediate_size: Annotated[int, Field(ge=64, multiple_of=64)] = 256
    layers: Count = 2
    heads: Count = 4
    rows: Count = 4_000  # few: it learns the form of the task, the rest is left to the adapter
    train: FullTrain = FullTrain()


class Base(_Section):
    """The model to adapt: a hub id or a folder. With `from_scratch` the folder is made by `make base`."""

    model: str
    revision: str | None = None
    quantisation: Literal["none", "int8", "nf4"] = "nf4"
    from_scratch: FromScratch | None = None


class Chat(_Section):
    """What the model is asked; longer texts lose their middle before the template is applied."""

    instruction: str = "Which prompt turned the original text into the rewritten text?"
    max_text_tokens: Annotated[int, Field(ge=16)] = 700  # of each of the two texts


class Lora(_Section):
    rank: Count = 16
    alpha: Positive = 32.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    rank_stabilised: bool = True
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"


class Generation(_Section):
    """One section for score and submission: what is scored is what is shipped. Decoding is greedy."""

    max_new_tokens: Count = 64
    batch_size: Count = 32


class Recover(_Section):
    methods: tuple[Literal["constant", "base", "adapter"], ...] = ("constant", "base", "adapter")
    constant_candidates: Count = 2_000  # most frequent training prompts that are tried


class Embedder(_Section):
    """`sentence-t5` is the competition's; `minilm` comes with the requirements, and its scores are never the same."""

    kind: Literal["sentence-t5", "minilm"] = "sentence-t5"
    model: str | None = None  # hub id or folder; None: the kind's own


class Score(_Section):
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    bootstrap_samples: Annotated[int, Field(ge=200)] = 2_000


class Submit(_Section):
    owner: str = "your-kaggle-name"
    competition: str = "llm-prompt-recovery"
    rehearsal_rows: Count = 64
    model_sources: tuple[str, ...] = ()  # the base as a Kaggle model: owner/model/framework/variation/version


class RunConfig(_Section):
    """configs/run/<name>.toml: which model is trained on which triples, scored and shipped how."""

    name: str
    data: str
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    base: Base
    chat: Chat = Chat()
    lora: Lora = Lora()
    train: Train = Train()
    generation: Generation = Generation()
    recover: Recover = Recover()
    embedder: Embedder = Embedder()
    score: Score = Score()
    submit: Submit = Submit()


# What each stage reads: only a change in these settings makes it run again.
STAGE_SETTINGS: dict[str, tuple[str, ...]] = {
    "base": ("data", "seed", "base.model", "base.from_scratch", "chat"),
    "train": ("data", "seed", "device", "base", "chat", "lora", "train"),
    "constant": ("data", "embedder", "recover.constant_candidates"),
    "recover": ("data", "device", "base", "chat", "generation", "recover"),
    "score": ("data", "embedder", "score"),
    "submit": ("embedder", "submit"),
}

SENTENCE_T5 = "sentence-transformers/sentence-t5-base"


def stage_settings(config: RunConfig, stage: str) -> dict[str, Any]:
    """Return the settings that `stage` reads, as JSON values by dotted key."""
    settings = {}
    for key in STAGE_SETTINGS[stage]:
        value = config.model_dump(mode="json")
        for step in key.split("."):
            value = value[step]
        settings[key] = value
    return settings
