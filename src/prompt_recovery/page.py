"""A template's name and its values in, one self-contained HTML page out; page.html.j2 is the look of them all."""

from typing import Any

import jinja2

_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127], "\ufffd")  # all but tab and line ends


def render_page(template: str, **values: Any) -> str:
    """Render a template of the package, such as "score/report.html.j2", with every value escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("prompt_recovery", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"cut": cut, "in_one_line": in_one_line}
    return environment.get_template(template).render(**values)


def cut(text: str, characters: int = 400) -> str:
    """Return at most so many characters of a text, an ellipsis for the rest; control characters become U+FFFD."""
    shown = text if len(text) <= characters else text[: characters - 1].rstrip() + "…"
    return shown.translate(_CONTROLS)


def in_one_line(text: str, characters: int = 60) -> str:
    """Return a text as a name: cut as by `cut`, white space collapsed."""
    return cut(" ".join(text[: 10 * characters].split()), characters)
