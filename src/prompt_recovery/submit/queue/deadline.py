"""How long the last batches took in, whether another one ends before the time is up out."""

import time
from collections import deque
from collections.abc import Callable

import numpy as np

_QUANTILE = 0.9  # of the recent batches' seconds: one batch in ten may take longer than is reckoned with
_RECENT = 20  # batches; their questions become shorter, so older ones say less


class Deadline:
    """A time, by `clock`, after which nothing is answered any more.

    A batch that is reckoned too short costs nothing but itself: at the deadline its worker is ended. One that is
    reckoned too long would cost its rows their answers, so none is reckoned longer than those that were seen.
    """

    def __init__(self, until: float, clock: Callable[[], float] = time.monotonic):
        self.until, self.clock = until, clock
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RECENT)

    def note(self, seconds: float, tokens: int) -> None:
        """Take note of a batch of so many tokens that was answered."""
        self._recent.append((seconds, max(1, tokens)))

    @property
    def seconds_left(self) -> float:
        """Return the seconds until the deadline, 0 when it has passed."""
        return max(0.0, self.until - self.clock())

    def allows(self, tokens: int) -> bool:
        """Say whether a batch of so many tokens, begun now, is likely to end in time."""
        scaled = [seconds * min(1.0, tokens / own) for seconds, own in self._recent]
        return self.seconds_left > (float(np.quantile(scaled, _QUANTILE)) if scaled else 0.0)
