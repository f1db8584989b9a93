"""The best of several hypotheses, by the cube of the cosine and not the cosine."""

import numpy as np
import pytest

from prompt_recovery.recover.choosing import choose, expected_utilities, softmax_weights


def test_what_is_no_number_weighs_nothing():
    assert softmax_weights([0.0, np.nan, np.log(3), -np.inf], 1.0) == pytest.approx([0.25, 0, 0.75, 0])
    assert softmax_weights([np.nan, np.nan], 1.0) == pytest.approx([0.5, 0.5])


def test_the_cube_prefers_one_near_hit_to_the_middle(embed_angles):
    hypotheses, references = embed_angles(["45", "0"]), embed_angles(["0", "90"])
    utilities = expected_utilities(hypotheses, references, np.array([0.5, 0.5]))
    assert utilities == pytest.approx([np.cos(np.pi / 4) ** 3, 0.5])
    assert choose(["middle", "hit"], utilities) == (1, pytest.approx(0.5))


def test_ties_go_to_the_shorter_text_then_the_alphabet_and_the_gate_counts():
    assert choose(["bb", "aa", "ccc"], np.ones(3))[0] == 1
    assert choose(["bb", "aa"], np.ones(2), np.array([1, 0.5])) == (0, 1.0)
