"""The notebook's percent-format source in, the .ipynb of one bundle out."""

from pathlib import Path

import jupytext
import nbformat

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import whole_or_absent

_ID_LINE = 'BUNDLE_ID = "set by make submit"'


def render_notebook(source: Path, target: Path, bundle_id: str) -> None:
    """Write the notebook with the id of the only bundle that it will accept, whole or not at all."""
    text = source.read_text(encoding="utf-8")
    if text.count(_ID_LINE) != 1:
        raise InputError(f"{source}: expected the line {_ID_LINE!r} once.")
    notebook = jupytext.reads(text.replace(_ID_LINE, f'BUNDLE_ID = "{bundle_id}"'), fmt="py:percent")
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    nbformat.validate(notebook)
    with whole_or_absent(target) as partial:
        nbformat.write(notebook, partial)
