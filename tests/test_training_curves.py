import re

from prompt_recovery.score.training_curves import training_curves

LINES = [{"step": step, "loss": 3 - step / 10} for step in range(1, 11)]
LINES[5:5] = [{"step": 5, "valid S0": 2.5, "valid S2": 2.7, "SCS S0": 0.5, "SCS S2": 0.3}]
LINES += [{"step": 10, "valid S0": 2.1, "valid S2": 2.8, "SCS S0": 0.6, "SCS S2": 0.1}]


def test_losses_and_scores_of_each_split_stand_side_by_side_under_one_legend():
    figure = training_curves(LINES, 5)
    words = re.findall(r"<text[^>]*>([^<]+)</text>", figure.svg)
    assert [words.count(word) for word in ("loss", "validation answers", "train", "S0", "S2", "kept")] == [1] * 6


def test_the_step_that_was_kept_is_marked_in_both():
    figure = training_curves(LINES, 5)
    assert "step 5, whose weights were kept" in figure.caption
    assert figure.svg.count("stroke-dasharray: 4,3") == 3  # and in the legend
    assert figure.svg != training_curves(LINES, 10).svg


def test_a_split_has_one_colour_in_both():
    figure = training_curves(LINES, 5)
    assert {figure.svg.count(f"stroke: {colour}; stroke-width: 1.5") for colour in ("#e08e45", "#0b6e99")} == {3}
