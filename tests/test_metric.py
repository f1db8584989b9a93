import numpy as np
import pytest

from prompt_recovery.metric import sharpened_cosine, sharpened_cosine_matrix

ANGLES = np.array([0.0, np.pi / 3, np.pi / 2, np.pi])
X_AXIS = np.tile([1.0, 0.0], (4, 1))
TURNED = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def test_score_is_the_cube_of_the_cosine():
    assert sharpened_cosine(X_AXIS, TURNED) == pytest.approx([1.0, 0.125, 0.0, -1.0])


def test_leaderboard_anchors():
    assert np.array([0.737, 0.857, 0.892]) ** 3 == pytest.approx([0.40, 0.63, 0.71], abs=0.002)
    angle = np.arccos(0.892)
    assert sharpened_cosine(X_AXIS[:1], np.array([[np.cos(angle), np.sin(angle)]])) == pytest.approx([0.71], abs=0.002)


def test_matrix_has_every_pair():
    matrix = sharpened_cosine_matrix(TURNED, X_AXIS[:1])
    assert matrix.shape == (4, 1)
    assert matrix[:, 0] == pytest.approx([1.0, 0.125, 0.0, -1.0])


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"expected equal shapes \(n, d\), found \(4, 2\) and \(3, 2\)"):
        sharpened_cosine(X_AXIS, TURNED[:3])
