from collections import Counter

import numpy as np
import pytest

from prompt_recovery.data.report.prompt_map import PromptMap, draw_map, flatten


def heaps(centres, members, dimensions=8, seed=0):
    """Unit vectors around so many far centres, a heap after the other."""
    rng = np.random.default_rng(seed)
    vectors = np.repeat(np.eye(dimensions)[:centres], members, axis=0)
    vectors = vectors + rng.normal(0, 0.05, vectors.shape)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def prompts(families, vectors, parts=None):
    names, count = [f"prompt {i}" for i in range(len(families))], len(families)
    return PromptMap(names, families, parts or ["train"] * count, vectors, total=count)


# 16 vectors: principal components; 80: t-SNE
@pytest.mark.parametrize("members", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_prompts_that_are_alike_stand_together(members):
    places = flatten(heaps(4, members)).reshape(4, members, 2)
    centres = places.mean(axis=1)
    radius = np.linalg.norm(places - centres[:, None], axis=2).max()
    apart = min(np.linalg.norm(centres[i] - centres[j]) for i in range(4) for j in range(i))
    assert radius < 0.6 * apart


@pytest.mark.parametrize("shape", [(1, 8), (2, 8), (3, 1), (60, 1), pytest.param((60, 3), marks=pytest.mark.slow)])
def test_few_or_flat_vectors_have_places_too(shape):
    vectors = np.random.default_rng(0).normal(size=shape)
    places = flatten(vectors)
    assert places.shape == (shape[0], 2) and np.isfinite(places).all()


def test_prompts_of_one_vector_stand_on_one_place():
    assert not flatten(np.full((80, 4), 0.5)).any()


@pytest.mark.parametrize("members", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_the_same_prompts_give_the_same_map_within_its_frame(members):
    given = prompts(["f"] * 4 * members, heaps(4, members))
    one, other = draw_map(given, 1000, 640), draw_map(given, 1000, 640)
    assert one == other and one["method"] == ("principal components" if members == 4 else "t-SNE")
    x, y = np.array([(point["x"], point["y"]) for point in one["points"]]).T
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((20, 980, 12.8, 627.2), abs=0.1)


def test_a_lone_prompt_stands_in_the_middle():
    (point,) = draw_map(prompts(["f"], np.ones((1, 8))), 1000, 640)["points"]
    assert (point["x"], point["y"]) == (500, 320)
    assert (point["prompt"], point["family"], point["part"]) == ("prompt 0", "f", "train")


def test_the_twelve_largest_families_have_colours_of_their_own_and_the_rest_is_grey_and_below():
    families = [f"family {i:02}" for i in range(15) for _ in range(i + 1)]
    drawn = draw_map(prompts(families, np.zeros((120, 1))), 100, 100)
    *largest, others = drawn["legend"]
    assert [entry["family"] for entry in largest] == [f"family {i:02}" for i in range(14, 2, -1)]
    assert len({entry["colour"] for entry in drawn["legend"]}) == 13
    assert (others["family"], others["prompts"]) == ("3 other families", 1 + 2 + 3)
    assert {point["family"] for point in drawn["points"][:6]} == {"family 00", "family 01", "family 02"}
    assert Counter(point["colour"] for point in drawn["points"])[others["colour"]] == 6


def test_of_many_prompts_a_sample_is_drawn_and_the_legend_counts_all():
    drawn = draw_map(prompts(["f", "g"] * 1_000, np.zeros((2_000, 1)), ["test", "train"] * 1_000), 100, 100)
    assert len(drawn["points"]) == len({point["prompt"] for point in drawn["points"]}) == 1_500
    assert drawn["prompts"] == 2_000 and [entry["prompts"] for entry in drawn["legend"]] == [1_000, 1_000]
    assert drawn["parts"] == ["train", "test"]
