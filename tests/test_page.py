import jinja2
import pytest

from prompt_recovery.engines.figures import canvas, drawing
from prompt_recovery.page import cut, in_one_line, render_page


def test_a_long_text_ends_in_an_ellipsis_and_a_short_one_stays():
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert cut("abcd fgh", 6) == "abcd…"
    assert len(cut("x" * 100_000)) == 400


def test_control_characters_are_shown_as_such_and_line_ends_stay():
    assert cut("a\x00b\x1bc\x7fd") == "a\ufffdb\ufffdc\ufffdd"
    assert cut("one\n\ttwo\r\n") == "one\n\ttwo\r\n"


def test_a_name_is_one_line():
    assert in_one_line("  Rewrite\n\tthis   text. ") == "Rewrite this text."
    assert in_one_line("word " * 100, 9) == "word wor…"


def test_a_value_that_a_template_wants_must_be_given():
    with pytest.raises(jinja2.UndefinedError, match="'document' is undefined"):
        render_page("score/report.html.j2", name="a")


@pytest.mark.filterwarnings("error")
def test_a_figure_takes_names_in_any_script_as_they_stand():
    figure = canvas(3, 2)
    figure.subplots().set_title("家族 $x_1$ <b> 😀")
    svg = drawing("title", "caption", figure).svg
    assert svg.startswith("<svg") and ">家族 $x_1$ &lt;b&gt; 😀<" in svg
