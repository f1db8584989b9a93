"""A fault in an environment variable in, a Python that commits it out: on PYTHONPATH, every process imports this first.

It stands in for what befalls a notebook on Kaggle. Without the variable it does nothing.
"""

import importlib.abc
import importlib.util
import json
import os
import signal
import socket
import sys
import time
from functools import wraps
from pathlib import Path

_ASKED = json.loads(os.environ.get("PROMPT_RECOVERY_INJECTED", "{}"))
_ANSWERING = "prompt_recovery.recover.answering"


class OutOfMemoryError(RuntimeError):
    """As PyTorch names its own."""


def _block_sockets():
    connect = socket.socket.connect

    def connect_to_loopback(self, address):
        inet = self.family in (socket.AF_INET, socket.AF_INET6)
        if inet and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise OSError(f"the rehearsal has no network: {address}")
        return connect(self, address)

    socket.socket.connect = connect_to_loopback


def _batches_before():
    """Return how many batches all processes have begun, before this one: a file each."""
    state, number = Path(_ASKED["state"]), 0
    while True:
        try:
            (state / str(number)).touch(exist_ok=False)
            return number
        except FileExistsError:
            number += 1


def _commit(fault, pairs, answer):
    """Answer the pairs, but with the fault: its `kind`, and the batch or rows at which it happens."""
    is_its_turn = _batches_before() == fault.get("batch")
    if fault["kind"] == "killed" and is_its_turn:
        answer(pairs)
        os.kill(os.getpid(), signal.SIGKILL)
    if fault["kind"] == "hangs" and is_its_turn:
        time.sleep(1_000_000)
    if fault["kind"] == "out of memory" and (len(pairs) > fault["rows"] or fault["id"] in set(pairs["id"])):
        raise OutOfMemoryError("CUDA out of memory (injected)")
    if fault["kind"] == "slow":
        time.sleep(fault["seconds"])
    return answer(pairs)


def _faulty(load_answerer, fault):
    @wraps(load_answerer)
    def load(*arguments, **options):
        answer = load_answerer(*arguments, **options)
        return lambda pairs: _commit(fault, pairs, answer)

    return load


class _FaultyAnswering(importlib.abc.MetaPathFinder):
    """Finds stage 3's door as others would, with a fault in what it loads."""

    def find_spec(self, name, path=None, target=None):
        if name != _ANSWERING:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def execute_faulty(module):
            execute(module)
            module.load_answerer = _faulty(module.load_answerer, _ASKED["fault"])

        spec.loader.exec_module = execute_faulty
        return spec


if _ASKED.get("block_sockets"):
    _block_sockets()
if "fault" in _ASKED:
    sys.meta_path.insert(0, _FaultyAnswering())
