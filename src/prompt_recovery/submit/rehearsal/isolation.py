"""A rehearsal's folder in, what cuts a notebook off from network, input and other processes out."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_INJECTED = Path(__file__).parent / "injected"
_LOOPBACK_UP = (  # a notebook's kernel talks to its client over loopback, which is down in a new namespace
    "import fcntl, socket, struct; "
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 0x1 | 0x40))"  # SIOCSIFFLAGS, UP | RUNNING
)
_PRELUDE = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && "$2" -c "$3" && shift 3 && exec "$@"'


@dataclass(frozen=True)
class Isolation:
    """How a notebook is cut off. In a namespace its processes end with it; else a rehearsal watches what it writes."""

    namespace: tuple[str, ...]  # the command that makes one; empty: it is not permitted

    @property
    def description(self) -> str:
        """Say what is guaranteed."""
        if self.namespace:
            return "namespaces of its own: no network, input mounted read-only"
        return "unshare is missing or not permitted: sockets blocked in Python only, input compared afterwards"

    def command(self, root: Path) -> tuple[str, ...]:
        """Return what stands before the command of a notebook whose fake /kaggle is `root`."""
        if not self.namespace:
            return ()
        shell = ("sh", "-c", _PRELUDE, "sh", str(root / "input"), sys.executable, _LOOPBACK_UP)
        return (*self.namespace, *shell)

    def environment(self, fault: Mapping[str, Any], state: Path) -> dict[str, str]:
        """Return the variables with which every Python of a notebook blocks sockets and commits `fault`, if need be.

        `state`: a folder in which the fault counts batches, over all processes.
        """
        asked = ({} if self.namespace else {"block_sockets": True}) | ({"fault": dict(fault)} if fault else {})
        if not asked:
            return {}
        asked["state"] = str(state)
        return {"PYTHONPATH": str(_INJECTED), "PROMPT_RECOVERY_INJECTED": json.dumps(asked)}


def find_isolation() -> Isolation:
    """Return network, mount and process namespaces where they are permitted, else a block of Python's sockets."""
    user = () if os.geteuid() == 0 else ("--map-root-user",)
    namespace = ("setpriv", "--pdeathsig", "KILL")  # a rehearsal that is killed leaves no notebook behind
    namespace += ("unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    trial = ("sh", "-c", 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"', "sh", str(_INJECTED))
    try:
        allowed = subprocess.run([*namespace, *trial], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    return Isolation(namespace if allowed else ())
