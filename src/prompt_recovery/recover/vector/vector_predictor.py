"""Pairs of texts in, the predicted vectors of their prompts out: by the regressor, and by an encoder where one is."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from prompt_recovery.recover.vector.vector_blend import VectorBlend
from prompt_recovery.recover.vector.vector_regressor import Embed, Reading, VectorModel

Encode = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True, eq=False)
class VectorPredictor:
    """The regressor, and how an encoder's unit vectors, shape (n, d), are blended with its own; None: it is alone."""

    regressor: VectorModel
    encoder: tuple[Encode, VectorBlend] | None = None

    def read(self, pairs: pd.DataFrame, embed: Embed, neighbours: int = 0) -> Reading:
        """Return what `VectorModel.read` does, with blended means."""
        reading = self.regressor.read(pairs, embed, neighbours)
        if self.encoder is None:
            return reading
        encode, blend = self.encoder
        return replace(reading, means=blend(encode(pairs), reading.means))
