"""The settings of stage 3: how prompts are recovered, by a model and without one."""

from typing import Annotated, Literal

from pydantic import Field

from prompt_recovery.config.section import Count, Positive, Section, Share


class Prompting(Section):
    """The training triples that the methods `few_shot` and `retrieval` put before the question, as earlier turns."""

    shots: Count = 4
    max_text_tokens: Annotated[int, Field(ge=16)] = 200  # of each of the two texts of a shot
    candidates: Count = 4_000  # `retrieval` and `nearest`: drawn training triples, among which the nearest are sought
    # what those two embed; on the tiny validation rows the nearest triple's own prompt scores 0.33, 0.20 and 0.55 on S0
    nearest_by: Literal["rewritten", "pair", "difference"] = "difference"


class Generation(Section):
    """One section for score and submission: what is scored is what is shipped. Decoding is greedy."""

    max_new_tokens: Count = 64
    batch_size: Count = 32


class Vector(Section):
    """The predicted vector of the prompt, from vectors of the pair and signs of change."""

    max_rows: Count = 10_000  # training triples; memory grows with the square: 3 GB for 8,600
    ridge: Positive = 0.1  # on validation 0.7 gives the better vector (0.230 SCS), 0.05 to 0.2 the better text
    centring: Share = 0.0  # how much of the training prompts' mean a pair without likeness gets
    min_term_rows: Count = 2  # a rarer word is not seen


class Decoding(Section):
    """How a predicted vector becomes text: prompts of the bank, and texts composed of their words."""

    track: Literal["clean", "leaderboard"] = "clean"  # the latter: any word after any other, and as often
    retrieved: Count = 16  # nearest texts of a row that the next round composes from
    rounds: Annotated[int, Field(ge=0)] = 5
    embedded: Count = 24  # composed texts of a row and round that are embedded
    edited: Count = 4  # of the retrieved, those in which single words are put in and exchanged
    max_words: Count = 24
    odd_weight: Annotated[float, Field(ge=0)] = 0.003  # cosine that a run of three words must gain that no prompt has
    max_pieces: Count = 127  # of the embedder, without eos


class Recover(Section):
    beside: tuple[Literal["constant", "base"], ...] = ("constant", "base")  # answered beside the run's own method
    constant_candidates: Count = 2_000  # most frequent training prompts that are tried
