"""How each call to a server went in, how many calls may be under way at once out."""

from statistics import median

_FIRST_CALLS = 2
_WINDOW_CALLS = 8  # at least so many latencies make a median: answers differ in length
_INFLATION = 2.0  # a median latency over so many times the usual one: the server only queues what it gets more of
_DRIFT = 0.05  # of the way that the usual latency follows a higher one, so that longer texts become usual


class AdaptiveLimit:
    """Additive increase, multiplicative decrease (AIMD) of the calls under way, doubled until the first decrease.

    Times are seconds of one monotonic clock of the caller's. `calls` is at least 1 and at most `maximum`; no call may
    start before `open_at`.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.calls = min(_FIRST_CALLS, maximum)
        self.open_at = float("-inf")
        self._latencies: list[float] = []
        self._usual_latency: float | None = None
        self._halved_at: float | None = None

    def succeeded(self, started: float, now: float) -> None:
        """Note an answered call; each full window of them raises the limit, or halves it when latency inflated."""
        if self._is_of_before(started):
            return
        self._latencies.append(now - started)
        if len(self._latencies) < max(self.calls, _WINDOW_CALLS):
            return
        latency, self._latencies = median(self._latencies), []
        usual = self._usual_latency or latency
        if latency > _INFLATION * usual:
            self._halve(now)
        else:
            self.calls = min(self.maximum, 2 * self.calls if self._halved_at is None else self.calls + 1)
        self._usual_latency = min(latency, usual + _DRIFT * (latency - usual))

    def overloaded(self, started: float, now: float) -> None:
        """Note a call that the server had no room for: half as many from now on, once for calls of the same time."""
        if not self._is_of_before(started):
            self._halve(now)

    def pause(self, until: float) -> None:
        """Let no call start before `until`; an earlier pause never shortens a later one."""
        self.open_at = max(self.open_at, until)

    def _is_of_before(self, started: float) -> bool:
        """Whether a call started under the limit before the last halving, so that it says nothing about this one."""
        return self._halved_at is not None and started < self._halved_at

    def _halve(self, now: float) -> None:
        self.calls = max(1, self.calls // 2)
        self._latencies = []
        self._halved_at = now
