"""The settings of stage 1: configs/data/<name>.toml says only what differs from these defaults."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from prompt_recovery.config.cluster import Cluster
from prompt_recovery.config.originals import Originals
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
    """Who rewrites.

    `rules` needs no model; `transformers` is a local or hub chat model, greedy; `vllm` the same without quantisation,
    on the GPUs of a section [cluster]; `openai` a chat server.
    """

    kind: Literal["rules", "transformers", "vllm", "openai"] = "rules"
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
    """Rows of each split, and what is held out of training for S1 and S2 (counts are per valid and per test)."""

    train_rows: Count = 32_000
    valid_rows: Count = 100  # of each of S0, S1, S2
    test_rows: Count = 200  # of each of S0, S1, S2
    held_out_originals: Share = 0.1  # share of original groups
    held_out_phrasings: Count = 1  # of every seen family
    held_out_families: Count = 10


Reason = Literal["refusal", "unchanged", "too_long", "length_ratio", "truncated", "prompt_leak", "wrong_language"]


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
    max_words: Count = 500
    leak_words: Annotated[int, Field(ge=3)] = 7  # a run of words that prompt and rewrite share by no chance
    max_dropped_share: Share = 0.2


class Clustering(Section):
    """Clusters of prompts by embedding. The two cosines suit `minilm`; with another embedder look at its clusters."""

    dimensions: Annotated[int, Field(ge=2)] = 100  # principal components; all 384 of minilm take 3 times as long
    min_cluster_size: Annotated[int, Field(ge=2)] = 5
    min_samples: Count = 1  # 5 calls half of the prompts noise
    near_copy_cosine: Annotated[float, Field(gt=0, le=1)] = 0.9  # a pair this near is never parted
    noise_cosine: Annotated[float, Field(gt=0, le=1)] = 0.75  # how far a lone prompt may be from whom it joins


class Calibration(Section):
    """Validation prompts on which constants score what they scored on the leaderboard."""

    text_column: str = "text"
    score_column: str = "score"
    subset_size: Count = 500
    folds: Annotated[int, Field(ge=2)] = 4  # 2 fits on half and tests on half, both ways


class Prompts(Section):
    """Which of the project's own prompts: `rules`, each with a rule that carries it out, or `all`, for a chat model."""

    kind: Literal["rules", "all"] = "rules"


class DataConfig(Section):
    """configs/data/<name>.toml: which triples are made."""

    name: str
    seed: int = 0
    prompts: Prompts = Prompts()
    originals: Originals = Originals()
    rewriter: Rewriter = Rewriter()
    split: Split = Split()
    cleaning: Cleaning = Cleaning()
    cluster: Cluster | None = None  # None: this process rewrites

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
        if self.rewriter.kind == "rules" and self.prompts.kind == "all":
            raise ValueError('prompts.kind = "rules" with rewriter.kind = "rules": the other prompts have no rule')
        return self
