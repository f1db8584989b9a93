"""Every setting with its type, its range and its default, frozen; the files and `--set` say only what differs."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Originals(_Section):
    """The project's own passages, with their slots filled and a run of their sentences taken."""

    count: Count = 6_000
    max_words: Annotated[int, Field(ge=12, le=350)] = 30


class ChatServer(_Section):
    """An OpenAI-compatible chat server: vLLM, llama.cpp, Ollama, hosted. Its key is never a setting."""

    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*)?$")]  # all before /chat/completions
    model: str
    api_key_variable: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")] = "OPENAI_API_KEY"  # holds the key, if any
    max_new_tokens: Count = 512
    length_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # OpenAI's newer models: the latter
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    seed: int | None = None  # None: not sent; some hosted servers know none
    max_concurrency: Count = 64  # what the calls under way at once may grow to
    time_limit_seconds: Positive = 120.0  # of one attempt
    max_attempts: Count = 6
    backoff_seconds: Positive = 1.0  # at most so long before the second attempt, twice as long before the third, ...


class Rewriter(_Section):
    """Who rewrites.

    `rules` needs no model; `transformers` is a local or hub chat model, greedy; `openai` a chat server.
    """

    kind: Literal["rules", "transformers", "openai"] = "rules"
    model: str | None = None  # of `transformers`
    device: Literal["auto", "cpu", "cuda"] = "auto"
    quantisation: Literal["none", "int8", "nf4"] = "nf4"
    max_new_tokens: Count = 512
    batch_size: Count = 32
    server: ChatServer | None = None  # of `openai`
    rows_per_shard: Count = 512  # a run that is killed loses less than this

    @model_validator(mode="after")
    def _has_its_model(self) -> Self:
        if self.kind == "transformers" and not self.model:
            raise ValueError('rewriter.model with kind = "transformers"')
        if self.kind == "openai" and not self.server:
            raise ValueError('a section [rewriter.server] with kind = "openai"')
        return self

    @property
    def name(self) -> str:
        """The word for the rewriter in the triples: its model, or `rules`."""
        return self.server.model if self.kind == "openai" else self.model or self.kind

    def sampling(self) -> dict[str, Any]:
        """What a chat model's rewrite depends on beside its request, as JSON values."""
        if self.kind == "openai":
            return self.server.model_dump(include={"model", "max_new_tokens", "temperature", "seed"})
        return self.model_dump(include={"model", "quantisation", "max_new_tokens"})


class Split(_Section):
    """Rows of each split, and what is held out of training for S1 and S2 (counts are per valid and per test)."""

    train_rows: Count = 32_000
    valid_rows: Count = 100  # of each of S0, S1, S2
    test_rows: Count = 200  # of each of S0, S1, S2
    held_out_originals: Share = 0.1  # share of original groups
    held_out_phrasings: Count = 1  # of every seen family
    held_out_families: Count = 10


class Cleaning(_Section):
    """Bounds of a rewritten text; too much dropped is an error, not a smaller data set."""

    max_length_ratio: Positive = 6.0  # words of the rewrite / words of the original
    max_words: Count = 500
    max_dropped_share: Share = 0.2


class Clustering(_Section):
    """Clusters of prompts by embedding. The two cosines suit `minilm`; with another embedder look at its clusters."""

    dimensions: Annotated[int, Field(ge=2)] = 100  # principal components; all 384 of minilm take 3 times as long
    min_cluster_size: Annotated[int, Field(ge=2)] = 5
    min_samples: Count = 1  # 5 calls half of the prompts noise
    near_copy_cosine: Annotated[float, Field(gt=0, le=1)] = 0.9  # a pair this near is never parted
    noise_cosine: Annotated[float, Field(gt=0, le=1)] = 0.75  # how far a lone prompt may be from whom it joins


class Calibration(_Section):
    """Validation prompts on which constants score what they scored on the leaderboard."""

    text_column: str = "text"
    score_column: str = "score"
    subset_size: Count = 500
    folds: Annotated[int, Field(ge=2)] = 4  # 2 fits on half and tests on half, both ways


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


def stage_settings(config: RunConfig, stage: str) -> dict[str, Any]:
    """Return the settings that `stage` reads, as JSON values by dotted key."""
    settings = {}
    for key in STAGE_SETTINGS[stage]:
        value = config.model_dump(mode="json")
        for step in key.split("."):
            value = value[step]
        settings[key] = value
    return settings
