"""The settings of stage 3: how prompts are recovered, by a model and without one."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prompt_recovery.config.section import Count, Positive, Section, Share, SignedShare

# clean: a prompt that a person could have written; leaderboard: a text for the metric alone
Track = Literal["clean", "leaderboard"]


class Prompting(Section):
    """The training triples that the methods `few_shot` and `retrieval` put before the question, as earlier turns."""

    shots: Count = 4
    max_text_tokens: Annotated[int, Field(ge=16)] = 200  # of each of the two texts of a shot
    candidates: Count = 4_000  # `retrieval` and `nearest`: drawn training triples, among which the nearest are sought
    # what those two embed; on the tiny validation rows the nearest triple's own prompt scores 0.33, 0.20 and 0.55 on S0
    nearest_by: Literal["rewritten", "pair", "difference"] = "difference"


class Generation(Section):
    """One section for score and submission: what is scored is what is shipped. By itself one greedy answer a row."""

    max_new_tokens: Count = 64
    batch_size: Count = 32  # questions; each is answered (1 + samples) times at once
    openings: Annotated[tuple[str, ...], Field(min_length=1)] = ("",)  # what an answer is made to begin with
    samples: Annotated[int, Field(ge=0)] = 0  # of each opening, beside its greedy answer
    temperature: Positive = 0.8  # of the samples
    adapters: tuple[str, ...] = ()  # runs on the same base whose adapters answer too

    @model_validator(mode="after")
    def _answers_once_and_freely(self) -> Self:
        for key in ("openings", "adapters"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"generation.{key} without repetitions, found {list(values)}")
        if "" not in self.openings:
            raise ValueError('generation.openings with "" among them: the answer without an opening is the run\'s own')
        return self


class Constant(Section):
    """The search of one answer for all rows."""

    # whose prompts it shall answer: training rows, each or each family alike; or validation's, as a board weights them
    weighting: Literal["rows", "families", "calibrated"] = "rows"
    seeds: Count = 2_000  # most frequent training prompts that are tried first
    leaderboard: bool = False  # a text for the metric too; set by itself where recover.tracks has that track
    # composed or edited texts that are embedded, a track; 0: no search
    candidates: Annotated[int, Field(ge=0)] = 20_000
    batch: Annotated[int, Field(ge=2)] = 128  # of them at once
    patience: Count = 20  # batches without gain before a search ends
    beam: Count = 12  # texts that are gone on from, on the clean track
    max_words: Count = 40  # of a clean text
    odd_weight: Annotated[float, Field(ge=0)] = 0.003  # SCS that a run of three words must gain that no prompt has
    leaderboard_beam: Count = 1
    # the prompts' words, then the embedder's pieces, that come into the leaderboard's texts by what their vectors say
    units: Count = 40_000


class Encoder(Section):
    """An encoder that reads the pair, trained with a head on loss -cos ** 3, as the 2nd and 5th places had it.

    Theirs: batches of 32 pairs, 5e-5, 3 epochs and an average of the weights with a decay of 0.999.
    """

    model: str | None = None  # hub id or folder of an encoder; None: all-MiniLM-L6-v2, which the requirements bring
    epochs: Annotated[int, Field(ge=0)] = 3  # 0: the encoder as it is, with a head by ridge regression
    learning_rate: Positive = 5e-5
    batch_tokens: Count = 8_192  # of a step, padding included
    max_text_tokens: Annotated[int, Field(ge=16)] = 250  # of each of the two texts; BERT reads 512 in all
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999  # decay of the weights' average, less in the first steps
    warmup_share: Share = 0.1
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    max_grad_norm: Positive = 1.0
    bf16: bool | None = None  # of the encoder's products in training; None: on a GPU that has it


class Vector(Section):
    """The predicted vector of the prompt, from vectors of the pair and signs of change."""

    max_rows: Count = 10_000  # training triples; memory grows with the square: 3 GB for 8,600
    ridge: Positive = 0.1  # on validation 0.7 gives the better vector (0.230 SCS), 0.05 to 0.2 the better text
    min_term_rows: Count = 2  # a rarer word is not seen
    encoder: Encoder | None = None  # trained beside the regressor and blended with it; None: the regressor alone


class Decoding(Section):
    """How a predicted vector becomes text: prompts of the bank, and texts composed of their words."""

    retrieved: Count = 16  # nearest texts of a row that the next round composes from
    rounds: Annotated[int, Field(ge=0)] = 5
    embedded: Count = 24  # composed texts of a row and round that are embedded
    edited: Count = 4  # of the retrieved, those in which single words are put in and exchanged
    max_words: Count = 24
    # cosine that a run of three words must gain that no prompt has: on validation 0.003, 0.01, 0.02 and 0.04 scored
    # alike, with 1.6, 0.4, 0.1 and 0.01 such runs a text
    odd_weight: Annotated[float, Field(ge=0)] = 0.03


class Choice(Section):
    """How one answer is chosen among hypotheses; what is not set here is fitted on validation rows."""

    neighbours: Count = 4  # prompts of a pair's likest training pairs that are hypotheses
    # when the rewritten text is the original (None: no such rule)
    unchanged_prompt: str | None = "Correct grammatical errors in this text."  # the 1st place's answer
    temperatures: tuple[Positive, ...] = Field((1.0, 4.0, 16.0, 0.25), min_length=1)  # of weights by log-probability
    vector_shares: tuple[Share, ...] = Field((1.0, 0.75, 0.5, 0.25, 0.0), min_length=1)  # of the predicted vector
    gate_powers: tuple[Share, ...] = Field((0.0, 0.25, 0.5, 0.75, 1.0), min_length=1)  # of the verifier's score
    penalty: Positive = 0.001  # of the verifier's squared weights
    # utility that the constant is given beside what it is expected to score; of those that do equally well the first.
    # Not below -0.03: validation rows that are like none for which the constant is right would never have it.
    constant_gains: tuple[SignedShare, ...] = Field((-0.03, 0.0, 0.02, 0.04, 0.06, 0.08, 0.12), min_length=1)


class Leaderboard(Section):
    """The second track: answers that no person would write, for the metric alone. Each part has its switch.

    A part that is allowed is used where the mean score on validation rows rises with it.
    """

    free_text: bool = True  # the predicted vector decoded into words that need make no sentence
    answers: Count = 4  # at most so many are put one behind the other; 1: no concatenation
    append_constant: bool = True
    constant_where_unsure: bool = True
    fill_slot: bool = True
    # utility of an answer, below which the row is given the constant alone; the best is fitted
    min_confidences: Annotated[tuple[Share, ...], Field(min_length=1)] = (0.0, 0.1, 0.25, 0.5)
    cluster_constants: bool = True
    clusters: Count = 8
    choose_by_row: bool = True  # among several forms, by the score that the predicted vector lets expect
    suffix: str = ""  # "lucrarea" for sentence-t5; nothing for embedders without a sticky token


class Recover(Section):
    """Who answers the test rows. The clean track's answer is `choice`, the other's `leaderboard`."""

    beside: tuple[Literal["constant", "base"], ...] = ("constant", "base")  # answered beside the run's own method
    tracks: tuple[Track, ...] = ("clean",)  # the first one answers new pairs; none: the method
