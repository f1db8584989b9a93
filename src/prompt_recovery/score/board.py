"""Constants with their leaderboard scores and validation prompts in, their scores there and the deviations out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine_matrix
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import TRIPLES, read_table

_PROMPT = pa.field("rewrite_prompt", pa.string(), nullable=False)
_WEIGHTED = pa.schema([_PROMPT, pa.field("weight", pa.float64(), nullable=False)])
_SHOWN = 60  # characters of a constant


@dataclass(frozen=True, eq=False)
class WeightedPrompts:
    """Distinct validation prompts with weights that sum to 1, shape (n,), and in words whose the weights are."""

    texts: tuple[str, ...]
    weights: np.ndarray
    origin: str


@dataclass(frozen=True, eq=False)
class BoardComparison:
    """`constants`: rewrite_prompt, board, ours, deviation (ours less board), over_cap; `embedder`: of `ours`."""

    constants: pd.DataFrame
    prompts: WeightedPrompts
    embedder: Embedder

    @property
    def mean_deviation(self) -> float:
        """The mean absolute deviation."""
        return float(self.constants["deviation"].abs().mean())

    @property
    def spearman(self) -> float:
        """The rank correlation of board and ours, ties at their mean rank; NaN where either is the same throughout."""
        ranks = self.constants[["board", "ours"]].rank()
        return float(ranks["board"].corr(ranks["ours"]))


def read_scored_constants(path: Path, text_column: str, score_column: str) -> pd.DataFrame:
    """Read a .csv or .parquet table of constants -> rewrite_prompt and board, a score in [-1, 1].

    Raises InputError for a missing column, a repeated constant, and a score that is no number in [-1, 1].
    """
    schema = pa.schema([pa.field(text_column, pa.string(), nullable=False)])
    frame = read_table(path, schema, key=(text_column,))
    if score_column not in frame.columns:
        raise InputError(f"{path}: no column {score_column}; found: {', '.join(frame.columns)}. Give --score-column.")
    board = pd.to_numeric(frame[score_column], errors="coerce")
    if not board.between(-1, 1).all():
        row = int((~board.between(-1, 1)).to_numpy().argmax())
        found = frame[score_column].iloc[row]
        raise InputError(f"{path}, row {row}: {score_column} {found!r}, expected a score in [-1, 1], such as 0.61.")
    return pd.DataFrame({"rewrite_prompt": frame[text_column], "board": board.astype(float)})


def read_validation_prompts(folder: TriplesFolder) -> WeightedPrompts:
    """Read the prompts of valid with the weights of calibration.parquet, or of their rows where that is not there."""
    if folder.calibration.exists():
        frame = read_table(folder.calibration, _WEIGHTED, key=("rewrite_prompt",))
        origin = f"weights of {folder.calibration}, which were fitted to a board: no proof where it is this one"
        return WeightedPrompts(tuple(frame["rewrite_prompt"]), frame["weight"].to_numpy(), origin)
    rows = read_table(folder.part("valid"), TRIPLES)["rewrite_prompt"].value_counts(normalize=True, sort=False)
    return WeightedPrompts(tuple(rows.index), rows.to_numpy(), f"every row of {folder.part('valid')} weighs the same")


def compare_with_board(constants: pd.DataFrame, prompts: WeightedPrompts, embedder: Embedder) -> BoardComparison:
    """Score each constant, rewrite_prompt and board, as the answer to every prompt -> in the order of `constants`."""
    texts = list(constants["rewrite_prompt"])
    vectors = embedder([*texts, *prompts.texts])
    ours = sharpened_cosine_matrix(vectors[: len(texts)], vectors[len(texts) :]).astype(np.float64) @ prompts.weights
    over_cap = [count > embedder.max_pieces for count in embedder.count_pieces(texts)]
    frame = constants.assign(ours=ours, deviation=ours - constants["board"], over_cap=over_cap)
    return BoardComparison(frame, prompts, embedder)


def board_table(comparison: BoardComparison, *, is_the_boards: bool) -> str:
    """Render a line a constant, then mean absolute deviation and Spearman; `is_the_boards`: whether the embedder is."""
    name, cap, prompts = comparison.embedder.name, comparison.embedder.max_pieces, comparison.prompts
    lines = [f"{len(prompts.texts)} prompts, {prompts.origin}; embedder {name}"]
    lines.append(f"{'board':>6} {'ours':>6} {'less':>7}  constant (*: over {cap} pieces)")
    for row in comparison.constants.itertuples():
        text = " ".join(row.rewrite_prompt.split())[:_SHOWN]
        mark = "*" if row.over_cap else " "
        lines.append(f"{row.board:6.3f} {row.ours:6.3f} {row.deviation:+7.3f} {mark}{text}")
    lines.append(f"mean absolute deviation {comparison.mean_deviation:.4f}, Spearman {comparison.spearman:.3f}")
    if not is_the_boards:
        lines.append(f"The board scored with sentence-t5: the scores of {name} are not the board's.")
    return "\n".join(lines)
