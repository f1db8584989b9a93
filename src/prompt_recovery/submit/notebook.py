"""The notebook's percent-format source in, the .ipynb of one bundle out."""

from pathlib import Path

import jupytext
import nbformat

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import whole_or_absent

_SET_LATER = "set by make submit"


def render_notebook(source: Path, target: Path, *, bundle_id: str, default: str) -> None:
    """Write the notebook with the id of the only bundle that it will accept, whole or not at all.

    `default`: what it answers to a row to which nothing else is answered.
    """
    text = source.read_text(encoding="utf-8")
    for name, value in (("BUNDLE_ID", f'"{bundle_id}"'), ("DEFAULT", repr(default))):
        line = f'{name} = "{_SET_LATER}"'
        if text.count(line) != 1:
            raise InputError(f"{source}: expected the line {line!r} once.")
        text = text.replace(line, f"{name} = {value}")
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    nbformat.validate(notebook)
    with whole_or_absent(target) as partial:
        nbformat.write(notebook, partial)
