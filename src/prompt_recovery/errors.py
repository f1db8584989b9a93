"""The one exception that a user is meant to read, and the exit that prints it without a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InputError(Exception):
    """Bad input: the message says where, what was found, what was expected and what to do."""


def no_such_file(path: Path) -> InputError:
    """Return the error of a user's file, named in a config or on the command line, that is not there."""
    return InputError(f"{path}: no such file. Put your file there, or give its own path where this one was given.")


@contextmanager
def readable_exit() -> Iterator[None]:
    """Turn an `InputError` into one message on stderr and exit code 2, Ctrl-C into exit code 130."""
    try:
        yield
    except InputError as error:
        sys.exit(_complain(f"error: {error}", 2))
    except KeyboardInterrupt:
        sys.exit(_complain("interrupted: nothing half-written is left; the same command goes on from here", 130))


def _complain(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
