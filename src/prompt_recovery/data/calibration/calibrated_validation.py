"""The validation triples and a board of constants in, a weight for each validation prompt out."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from prompt_recovery import config
from prompt_recovery.data.calibration.weighting import Board, Calibration, calibrate, read_board
from prompt_recovery.data.splits.families import Embed
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import write_table

CALIBRATED = pa.schema([
    pa.field("rewrite_prompt", pa.string(), nullable=False),
    pa.field("weight", pa.float64(), nullable=False),  # sums to 1
    pa.field("chosen", pa.bool_(), nullable=False),  # one of the subset, whose prompts weigh the same
])  # fmt: skip


@dataclass(frozen=True, eq=False)
class CalibratedValidation:
    """`prompts`: schema CALIBRATED, the distinct prompts of valid; on them the constants of `board` score as there."""

    prompts: pd.DataFrame
    board: Board
    calibration: Calibration

    def counts(self) -> dict[str, float]:
        """Return, for the receipt, the deviations: of constants that the fit saw, and of those that it did not."""
        found = self.calibration
        return {
            "constants": len(self.board.texts),
            "prompts": len(self.prompts),
            "effective_sample_size": found.effective_sample_size,
            "mean_deviation_uncalibrated": found.uncalibrated.mean,
            "mean_deviation_fitted": found.fitted.mean,
            "mean_deviation_held_out": found.held_out.mean,
            "largest_deviation_held_out": found.held_out.largest,
            "mean_deviation_of_the_subset_held_out": found.subset_held_out.mean,
            "largest_deviation_of_the_subset_held_out": found.subset_held_out.largest,
        }


def calibrate_validation(
    settings: config.DataConfig, folder: TriplesFolder, embed: Embed
) -> CalibratedValidation | None:
    """Weight the prompts of valid by the board that the settings name, and write them; None where they name none.

    `embed`: texts to unit vectors, of the embedder that the board scored with.
    Raises InputError for a board that cannot be read, and for too few constants or prompts.
    """
    folder.calibration.unlink(missing_ok=True)
    if not settings.calibration.board:
        return None
    board = read_board(Path(settings.calibration.board), settings.calibration)
    column = pq.read_table(folder.part("valid"), columns=["rewrite_prompt"])["rewrite_prompt"]
    prompts = column.unique().to_pylist()
    found = calibrate(embed(prompts), embed(board.texts), board.scores, settings.calibration, settings.seed)
    frame = pd.DataFrame({"rewrite_prompt": prompts, "weight": found.weights, "chosen": False})
    frame.loc[found.subset, "chosen"] = True
    write_table(frame, folder.calibration, CALIBRATED, key=("rewrite_prompt",))
    return CalibratedValidation(frame, board, found)
