"""How many cores there are for this process."""

import os


def count_cores() -> int:
    """Return on how many cores this process may run: fewer than the machine has where it was bound to some."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
