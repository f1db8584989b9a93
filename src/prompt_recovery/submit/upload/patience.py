"""A question about something under way, and how long to go on asking, in; its answer, or an error in time, out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from prompt_recovery.errors import InputError

Found = TypeVar("Found")


class OutOfPatience(InputError):
    """What was waited for did not come in time."""


@dataclass(frozen=True)
class Patience:
    """The seconds between two questions, growing by half each time, and after how long no more is asked."""

    first_seconds: float = 5.0
    longest_seconds: float = 60.0
    limit_seconds: float = 10 * 3_600.0  # a session ends after at most 9 hours, and may be queued before

    def within(self, seconds: float) -> "Patience":
        """Return the same patience, with an earlier end."""
        return replace(self, limit_seconds=min(self.limit_seconds, seconds))

    def wait_for(self, look: Callable[[], tuple[Found | None, str]], what: str) -> Found:
        """Ask `look` until it finds something; what it says of the state is printed whenever that changes.

        Raises OutOfPatience after `limit_seconds`.
        """
        started, pause, said = time.monotonic(), self.first_seconds, ""
        while True:
            found, state = look()
            if found is not None:
                return found
            if state != said:
                print(f"{what}: {state}", flush=True)
                said = state
            if time.monotonic() + pause - started > self.limit_seconds:
                raise OutOfPatience(
                    f"{what}: still {state} after {time.monotonic() - started:.0f} s of waiting. "
                    "Run the same command again: it goes on from here."
                )
            time.sleep(pause)
            pause = min(1.5 * pause, self.longest_seconds)
