"""Charts drawn with matplotlib in, inline SVG with a title and a caption out."""

import io
import warnings
from dataclasses import dataclass

import matplotlib
from matplotlib.figure import Figure

COLOURS = ("#9aa7b3", "#e08e45", "#0b6e99", "#5b8c5a", "#8e5ea2", "#c0504d")
matplotlib.rcParams |= {
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.hashsalt": "report",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a family may be named "$5"
}


@dataclass(frozen=True)
class Drawing:
    """A figure of a page; `svg` holds no date and no random name, so that equal charts are equal text."""

    title: str
    caption: str
    svg: str


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure, its size in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def drawing(title: str, caption: str, figure: Figure) -> Drawing:
    """Render a figure without its upper and right edges."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    buffer = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # the reader's browser has the letters
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    return Drawing(title, caption, svg[svg.index("<svg") :])
