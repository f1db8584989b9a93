"""Pairs of texts in, the predicted vectors of their prompts out: by the regressor, and by an encoder where one is;
beside them what the run's constant is expected to score.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from prompt_recovery.recover.vector.constant_scores import ConstantScores
from prompt_recovery.recover.vector.vector_blend import VectorBlend
from prompt_recovery.recover.vector.vector_regressor import Embed, Reading, VectorModel

Encode = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True, eq=False)
class VectorPredictor:
    """The regressor, what it lets expect of the constant (None: that is not known), and how an encoder's unit vectors,
    shape (n, d), are blended with its own (None: it is alone).
    """

    regressor: VectorModel
    constant_scores: ConstantScores | None = None
    encoder: tuple[Encode, VectorBlend] | None = None

    def read(self, pairs: pd.DataFrame, embed: Embed, neighbours: int = 0) -> Reading:
        """Return what `VectorModel.read` does, with blended means and the constant's scores."""
        reading = self.regressor.read(pairs, embed, neighbours)
        if self.constant_scores:
            reading = replace(reading, constant_scores=self.constant_scores(reading.means, reading.signs))
        if self.encoder is None:
            return reading
        encode, blend = self.encoder
        return replace(reading, means=blend(encode(pairs), reading.means))
