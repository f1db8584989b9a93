"""The settings of stages 2 to 5: configs/run/<name>.toml says only what differs from these defaults."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from prompt_recovery.config.embedder import Embedder
from prompt_recovery.config.recovery import (
    Choice,
    Constant,
    Decoding,
    Generation,
    Leaderboard,
    Prompting,
    Recover,
    Vector,
)
from prompt_recovery.config.section import Count, Positive, Section, Share
from prompt_recovery.methods import METHODS, MethodName


class Train(Section):
    epochs: Annotated[float, Field(ge=0)] = 1.0  # 0: the adapter that init_from names, as it is
    learning_rate: Positive = 2e-4
    batch_tokens: Count = 16_384  # tokens of one forward pass, padding included
    accumulate: Count = 1  # forward passes a step, of each process
    packing: Literal["auto", "on", "off"] = "auto"  # rows one behind the other; auto: where attention skips between
    optimiser: Literal["auto", "adamw", "paged_adamw_8bit"] = "auto"  # auto: the latter on a GPU
    warmup_share: Share = 0.03
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Positive = 1.0
    activation_checkpointing: bool = True
    sharding: Literal["none", "full"] = "none"  # full: each GPU holds its share of the frozen layers (FSDP)
    validations: Count = 8  # how often the validation loss and score are taken
    validation_rows: Count = 100  # of each split that are answered and scored
    validation_new_tokens: Count = 64  # of an answer
    validation_batch_size: Count = 32
    patience: Count | None = 3  # validations no better than the best before training stops; None: it never does
    checkpoint_seconds: Positive = 900.0  # between checkpoints, beside those at each validation
    tensorboard: bool = False  # also draw metrics.jsonl's numbers in the run's folder tensorboard/


class FullTrain(Train):
    """Training of all the weights of a small model."""

    validations: Count = 4
    patience: Count | None = None
    learning_rate: Positive = 2.5e-3
    batch_tokens: Count = 2_048
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    activation_checkpointing: bool = False


class FromScratch(Section):
    """The embedded tiny base: a tokeniser and a Llama, trained on some of the training rows."""

    vocabulary: Annotated[int, Field(ge=512)] = 6_144
    hidden_size: Annotated[int, Field(ge=64, multiple_of=64)] = 128
    intermediate_size: Annotated[int, Field(ge=64, multiple_of=64)] = 256
    layers: Count = 2
    heads: Count = 4
    rows: Count = 4_000  # few: it learns the form of the task, the rest is left to the adapter
    train: FullTrain = FullTrain()


class Base(Section):
    """The model to adapt: a hub id or a folder. With `from_scratch` the folder is made by `make base`.

    How it is quantised is decided by the run's `method`.
    """

    model: str
    revision: str | None = None
    # None: what transformers chooses for the model; the last two pack rows
    attention: Literal["eager", "sdpa", "flash_attention_2", "flex_attention"] | None = None
    from_scratch: FromScratch | None = None


class Chat(Section):
    """What the model is asked; longer texts lose their middle before the template is applied."""

    instruction: str = "Which prompt turned the original text into the rewritten text?"
    max_text_tokens: Annotated[int, Field(ge=16)] = 700  # of each of the two texts
    template_options: dict[str, bool | int | float | str] = Field({"enable_thinking": False})  # unknown ones do nothing


class Lora(Section):
    rank: Count = 16
    alpha: Positive = 32.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    rank_stabilised: bool = True
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"


class WholeWeights(Section):
    """What the methods `full` and `last_layers` do otherwise than an adapter; all else is as in [train]."""

    learning_rate: Positive = 2e-5  # of billions of parameters; about a tenth of what suits LoRA
    last_layers: Count = 2


class Score(Section):
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    bootstrap_samples: Annotated[int, Field(ge=200)] = 2_000
    second_embedder: Embedder | None = None  # that took no part in training, splitting and choosing: a table of its own
    bank_prompts: Annotated[int, Field(ge=2)] = 1_000  # among which the true prompt is sought, for recall@k
    oracle_prompts: Count = 4_000  # drawn training prompts, whose nearest to the truth is a ceiling


# A Kaggle model, owner/model/framework/variation/version, or a Kaggle dataset, owner/slug
Source = Annotated[str, Field(pattern=r"^[\w-]+/[\w.-]+(/[\w.-]+/[\w.-]+/\d+)?$")]


class Submit(Section):
    """The bundle, its rehearsal and the notebook's hidden run: at most 9 hours, two T4s, no internet."""

    owner: str = "your-kaggle-name"
    competition: str = "llm-prompt-recovery"
    base_source: Source | None = None  # what Kaggle mounts instead of the base in the bundle
    embedder_source: Source | None = None  # likewise of the embedder, which a run with tracks asks
    accelerator: Literal["NvidiaTeslaT4"] = "NvidiaTeslaT4"  # two of them, 15 GiB each; not asked for by a run on a CPU
    time_limit_hours: Annotated[float, Field(gt=0, le=9)] = 8.5  # then the rows that are left get the constant
    cpu_workers: Count = 2  # processes of a run on a CPU, as many as there are T4s; each has its share of the cores
    batch_limit_seconds: Positive = 900.0  # a batch that takes longer hangs: its worker is ended, its rows queued again
    rehearsal_rows: Count = 64  # whose scores must be those of stage 4
    hidden_rows: Count = 2_000  # of the rehearsed hidden run
    gpu_factor: Positive = (
        1.0  # rows/s on Kaggle over rows/s where it is rehearsed, for the projection of the hidden run
    )

    @property
    def sources(self) -> dict[str, str]:
        """Return what Kaggle mounts beside the bundle, by what it is for: `base`, `embedder`."""
        named = {"base": self.base_source, "embedder": self.embedder_source}
        return {name: source for name, source in named.items() if source}


# What a profile sets, where the file does not: nothing but how much of a GPU's memory training takes. For 7B in NF4;
# reckoned from published peaks, not measured by the authors.
PROFILES: dict[str, dict[str, dict[str, Any]]] = {
    "t4": {"train": {"batch_tokens": 2_048, "activation_checkpointing": True}, "base": {"attention": "sdpa"}},
    "24gb": {"train": {"batch_tokens": 4_096, "activation_checkpointing": True}, "base": {"attention": "sdpa"}},
    "80gb": {
        "train": {"batch_tokens": 16_384, "activation_checkpointing": True},
        "base": {"attention": "flex_attention"},
    },
    "141gb": {
        "train": {"batch_tokens": 16_384, "activation_checkpointing": False},
        "base": {"attention": "flex_attention"},
    },
}


class RunConfig(Section):
    """configs/run/<name>.toml: which model is trained on which triples, scored and shipped how."""

    name: str
    data: str
    profile: Literal["t4", "24gb", "80gb", "141gb"] | None = None
    init_from: str | None = None  # the run whose adapter this one's training continues, on this run's data
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    method: MethodName = "qlora"
    base: Base | None = None  # None: only with a method that needs no model
    chat: Chat = Chat()
    lora: Lora = Lora()
    whole_weights: WholeWeights = WholeWeights()
    prompting: Prompting = Prompting()
    train: Train = Train()
    generation: Generation = Generation()
    constant: Constant = Constant()
    vector: Vector = Vector()
    decoding: Decoding = Decoding()
    choice: Choice = Choice()
    leaderboard: Leaderboard = Leaderboard()
    recover: Recover = Recover()
    embedder: Embedder = Embedder()
    score: Score = Score()
    submit: Submit = Submit()

    @property
    def answering(self) -> tuple[str, ...]:
        """Return who answers the test rows: those beside the run's method, `base` only where there is one, it, and
        what the tracks choose; the run's own answer comes last.
        """
        beside = (one for one in self.recover.beside if self.base or one != "base")
        chosen = ["leaderboard" if track == "leaderboard" else "choice" for track in reversed(self.recover.tracks)]
        return (*beside, self.method, *(["vector"] if chosen else []), *chosen)

    @property
    def stages_before_recovery(self) -> tuple[str, ...]:
        """Return the stages whose outputs the answers depend on."""
        return ("train", "constant", *(("vector", "choose") if self.recover.tracks else ()))

    @model_validator(mode="before")
    @classmethod
    def _with_profile(cls, values: Any) -> Any:
        profile = PROFILES.get(values.get("profile") or "", {}) if isinstance(values, dict) else {}
        for section, settings in profile.items():
            if section == "base" and section not in values:
                continue
            given = values.get(section, {})
            values = values | {section: settings | given if isinstance(given, dict) else given}
        return values

    @model_validator(mode="after")
    def _searches_what_its_tracks_need(self) -> Self:
        if "leaderboard" in self.recover.tracks and not self.constant.leaderboard:
            searched = self.constant.model_copy(update={"leaderboard": True})
            object.__setattr__(self, "constant", searched)  # frozen for all others
        return self

    @model_validator(mode="after")
    def _has_what_its_method_needs(self) -> Self:
        if METHODS[self.method].needs_base and not self.base:
            raise ValueError(f'a section [base] with method = "{self.method}", which asks a model')
        if not self.train.epochs and not self.init_from:
            raise ValueError("train.epochs above 0 without init_from, whose adapter would be taken as it is")
        return self

    @model_validator(mode="after")
    def _shards_what_fsdp_can(self) -> Self:
        if self.train.sharding == "full" and self.method in ("full", "last_layers", "int8_lora"):
            raise ValueError(f'train.sharding = "none" with method = "{self.method}": only lora and qlora are sharded')
        return self

    @model_validator(mode="after")
    def _is_scored_by_two_embedders(self) -> Self:
        if self.score.second_embedder == self.embedder:
            raise ValueError("score.second_embedder to be another than [embedder]")
        return self

    @model_validator(mode="after")
    def _continues_another_run(self) -> Self:
        if self.init_from == self.name:
            raise ValueError("init_from to name another run than this one")
        if self.init_from and METHODS[self.method].trains != "adapter":
            raise ValueError(f'no init_from with method = "{self.method}", which trains no adapter')
        if self.init_from and self.base.from_scratch:
            raise ValueError("no [base.from_scratch] with init_from: the base is the one that the first run made")
        return self

    @model_validator(mode="after")
    def _lets_other_adapters_answer(self) -> Self:
        method = METHODS[self.method]
        if self.name in self.generation.adapters:
            raise ValueError(f"generation.adapters to name other runs than this one, {self.name}: it answers anyway")
        if self.generation.adapters and not (method.needs_base and method.trains in ("adapter", "nothing")):
            raise ValueError(f'no generation.adapters with method = "{self.method}": its base is not the one of theirs')
        return self
