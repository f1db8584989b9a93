"""A head and lines of cells in, a text table with aligned columns out."""

from collections.abc import Iterable, Sequence


def text_table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return the table: the first columns of text to the left, those whose every cell has a digit or nothing right."""
    lines = [list(map(str, line)) for line in lines]
    columns = list(zip(heads, *lines, strict=True))
    right = [all(not cell or cell[-1] in "0123456789]%" for cell in column[1:]) for column in columns]
    right = [number > 0 and own for number, own in enumerate(right)]
    widths = [max(map(len, column)) for column in columns]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [list(heads), *lines]
    )
