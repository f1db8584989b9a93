"""The settings of stage 1: configs/data/<name>.toml says only what differs from these defaults."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from prompt_recovery.config.cluster import Cluster
from prompt_recovery.config.embedder import Embedder
from prompt_recovery.config.imported import ImportedTriples
from prompt_recovery.config.originals import Originals
from prompt_recovery.config.prompts import Prompts
from prompt_recovery.config.section import Count, Positive, Section, Share


class ChatServer(Section):
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


class Rewriter(Section):
    """Who rewrites, or writes.

    `rules` needs no model; `transformers` is a local or hub chat model, greedy; `vllm` the same without quantisation,
    on the GPUs of a section [cluster]; `openai` a chat server; `none`: nothing is rewritten, the triples are those that
    are imported.
    """

    kind: Literal["rules", "transformers", "vllm", "openai", "none"] = "rules"
    model: str | None = None  # of `transformers` and `vllm`
    device: Literal["auto", "cpu", "cuda"] = "auto"
    quantisation: Literal["none", "int8", "nf4"] = "nf4"
    max_new_tokens: Count = 512
    batch_size: Count = 32
    server: ChatServer | None = None  # of `openai`
    rows_per_shard: Count = 512  # a run that is killed loses less than this

    @model_validator(mode="after")
    def _has_its_model(self) -> Self:
        if self.kind in ("transformers", "vllm") and not self.model:
            raise ValueError(f'rewriter.model with kind = "{self.kind}"')
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
        if self.kind == "vllm":
            return self.model_dump(include={"kind", "model", "max_new_tokens"})
        return self.model_dump(include={"model", "quantisation", "max_new_tokens"})


class Split(Section):
    """Rows of each split, and what is held out of training for S1, S2 and S3 (counts are per valid and per test).

    Of imported triples all that is not held out is for training, and valid and test get as many again.
    """

    train_rows: Count = 32_000  # that are made
    valid_rows: Count = 100  # of each of S0, S1, S2, S3
    test_rows: Count = 200  # of each of S0, S1, S2, S3
    # of imported triples: which of these are held out; S2 alone leaves the most to train on
    splits: Annotated[tuple[Literal["S0", "S1", "S2"], ...], Field(min_length=1)] = ("S0", "S1", "S2")
    held_out_originals: Share = 0.1  # share of original groups
    held_out_phrasings: Count = 1  # of every seen family that has more than twice as many
    held_out_families: Count = 10  # of imported triples: at least so many, and until their rows suffice
    held_out_rewriters: tuple[str, ...] = ()  # whose imported rows are for S3 alone
    max_train_rows_per_family: Count = 2_000  # of imported triples: more of one kind teach little


Reason = Literal[
    "refusal", "unchanged", "too_long", "long_prompt", "length_ratio", "truncated", "prompt_leak", "wrong_language"
]


class Cleaning(Section):
    """How a rewritten text is mended, and which drop its row; too much dropped is an error, not a smaller data set.

    Not every reason is right for every rewriter: a server that reports cut-off answers needs no `truncated`, and a
    test set with the rewriter's own faults in it needs `unchanged` and `openings = "keep"`.
    """

    openings: Literal["strip", "drop", "keep"] = "strip"  # "Sure, here is the rewritten text:"
    keep: tuple[Reason, ...] = ()  # reasons that drop nothing
    min_length_ratio: Share = 0.01  # words of the rewrite / words of the original
    max_length_ratio: Positive = 8.0
    ratio_from_words: Count = 20  # a shorter original counts as so long: a sentence may well grow to a paragraph
    max_words: Count = 500  # of the original, and of the rewrite
    max_prompt_words: Count = 60
    leak_words: Annotated[int, Field(ge=3)] = 7  # a run of words that prompt and rewrite share by no chance
    max_dropped_share: Share = 0.2


class Duplicates(Section):
    """What is a second copy of a triple, of an original: imported rows are dropped, originals share a group."""

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.7  # of the Jaccard similarity of runs of 3 words
    embedding_cosine: Annotated[float, Field(gt=0, le=1)] | None = None  # of rewritten texts of alike prompts; slow


class Clustering(Section):
    """Clusters of prompts by embedding. The two cosines suit `minilm`; with another embedder look at its clusters."""

    embedder: Embedder = Embedder(kind="minilm")
    dimensions: Annotated[int, Field(ge=2)] = 100  # principal components; all 384 of minilm take 3 times as long
    min_cluster_size: Annotated[int, Field(ge=2)] = 5
    min_samples: Count = 1  # 5 calls half of the prompts noise
    near_copy_cosine: Annotated[float, Field(gt=0, le=1)] = 0.9  # a pair this near is never parted
    noise_cosine: Annotated[float, Field(gt=0, le=1)] = 0.75  # how far a lone prompt may be from whom it joins


class Calibration(Section):
    """Validation prompts on which constants score what they scored on the leaderboard."""

    board: str | None = None  # a .csv or .parquet table of constants and their scores; None: no calibration
    embedder: Embedder = Embedder()  # that the board scored with
    text_column: str = "text"
    score_column: str = "score"
    subset_size: Count = 500
    folds: Annotated[int, Field(ge=2)] = 4  # 2 fits on half and tests on half, both ways


class DataConfig(Section):
    """configs/data/<name>.toml: which triples are made."""

    name: str
    seed: int = 0
    prompts: Prompts = Prompts()
    originals: Originals = Originals()
    rewriter: Rewriter = Rewriter()
    writer: Rewriter | None = None  # the chat model of written originals and variations; None: the rewriter's
    split: Split = Split()
    cleaning: Cleaning = Cleaning()
    imported: tuple[ImportedTriples, ...] = ()
    duplicates: Duplicates = Duplicates()
    clustering: Clustering = Clustering()
    calibration: Calibration = Calibration()
    cluster: Cluster | None = None  # None: this process rewrites

    @property
    def writes_with(self) -> Rewriter:
        """The settings of the model that writes originals and variations of prompts."""
        return self.writer or self.rewriter

    @model_validator(mode="after")
    def _cluster_suits_the_rewriter(self) -> Self:
        if self.rewriter.kind == "openai" and self.cluster:
            raise ValueError('no section [cluster] with rewriter.kind = "openai": the server has its own machines')
        if self.rewriter.kind == "vllm":
            if not (self.cluster and self.cluster.address):
                raise ValueError('cluster.address with rewriter.kind = "vllm": a Ray on nodes that have vLLM installed')
            if self.cluster.gpus_per_worker < 1 or self.cluster.gpus_per_worker % 1:
                raise ValueError('cluster.gpus_per_worker = 1, or more whole GPUs, with rewriter.kind = "vllm"')
        return self

    @model_validator(mode="after")
    def _rules_carry_the_prompts_out(self) -> Self:
        if self.rewriter.kind == "rules" and self.prompts.without_rule:
            raise ValueError(
                'prompts.kind = "rules", no prompts.files and no prompts.variations with rewriter.kind = "rules": the '
                f"prompts of {self.prompts.without_rule} have no rule. Or choose a chat model in [rewriter]"
            )
        return self

    @model_validator(mode="after")
    def _there_are_triples(self) -> Self:
        if self.rewriter.kind == "none" and not self.imported:
            raise ValueError('at least one [[imported]] file with rewriter.kind = "none"')
        return self

    @model_validator(mode="after")
    def _held_out_rewriters_are_imported(self) -> Self:
        held_out = self.split.held_out_rewriters
        if held_out and not self.imported:
            raise ValueError("at least one [[imported]] file with split.held_out_rewriters: of its rows S3 is made")
        if self.rewriter.kind != "none" and self.rewriter.name in held_out:
            raise ValueError(f"split.held_out_rewriters without {self.rewriter.name}: its rewrites are for training")
        return self

    @model_validator(mode="after")
    def _a_chat_model_writes(self) -> Self:
        written = [f"originals.sources.{n}" for n, one in enumerate(self.originals.sources) if one.kind == "written"]
        to_write = [*written, *(["prompts.variations"] if self.prompts.variations else [])]
        if to_write and self.writes_with.kind not in ("transformers", "openai"):
            raise ValueError(
                f'a chat model in a section [writer] (kind = "transformers" or "openai") for {to_write[0]}: rules '
                f"cannot write. Or leave {to_write[0]} out"
            )
        return self

    def files(self) -> dict[str, Path]:
        """Return the user's files and folders, for the receipt."""
        own = [one.path for one in self.imported] + ([self.calibration.board] if self.calibration.board else [])
        return self.originals.files() | self.prompts.paths() | {path: Path(path) for path in own}
