import numpy as np
import pytest

from prompt_recovery.config import Clustering
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.splits.families import clustered_families, crossing_copies, name_families

SETTINGS = Clustering(min_cluster_size=3)


@pytest.fixture
def embed():
    """ "north 5" is a unit vector 5 degrees away from north, in a direction of its own where there is a third word."""
    axes = {"north": 0, "east": 1, "south": 2}
    ways: dict[str, int] = {}

    def vectors(texts):
        made = np.zeros((len(texts), 50))
        for vector, text in zip(made, texts, strict=True):
            place, degrees, *way = text.rstrip(".").split()
            vector[axes[place]] = np.cos(np.radians(float(degrees)))
            vector[3 + ways.setdefault(str(way), len(ways))] = np.sin(np.radians(float(degrees)))
        return made

    return vectors


def test_a_cluster_is_a_family_named_by_its_most_central_prompt(embed):
    texts = [
        f"{place} {degrees} {way}"
        for place in ("north", "east")
        for degrees, way in ((25, "a"), (0, "b"), (25, "c"), (25, "d"))
    ]
    prompts = name_families(texts, [], embed, SETTINGS)
    assert [prompt.text for prompt in prompts] == texts
    assert [prompt.family for prompt in prompts] == ["north 0 b"] * 4 + ["east 0 b"] * 4


def test_near_copies_share_a_phrasing_named_by_the_first(embed):
    texts = ["north 30 a", "north 25 a", "north 20 a", "north 30 b", "east 0 a"]
    prompts = name_families(texts, [], embed, SETTINGS)
    assert [prompt.phrasing for prompt in prompts] == ["north 30 a"] * 3 + ["north 30 b", "east 0 a"]
    assert prompts[4].family == "east 0 a"


def test_a_near_copy_of_a_known_prompt_joins_its_family_and_phrasing(embed):
    known = [Prompt("north 0 a", "pirate", "like a pirate"), Prompt("south 0 a", "poem", "as a poem")]
    texts = ["east 0 a", "north 10 b", "north 40 c"]
    prompts = name_families(texts, known, embed, SETTINGS)
    assert [(one.family, one.phrasing) for one in prompts] == [
        ("east 0 a", "east 0 a"), ("pirate", "like a pirate"), ("north 40 c", "north 40 c"),
    ]  # fmt: skip
    assert clustered_families(prompts, known) == {"east 0 a", "north 40 c"}


def test_no_prompts_have_no_families(embed):
    assert name_families([], [Prompt("north 0 a", "pirate", "like a pirate")], embed, SETTINGS) == []


def test_copies_cross_only_where_clusters_made_one_of_the_families(embed):
    short, long = Prompt("north 0 a", "shorter", "s"), Prompt("north 5 a", "longer", "l")
    cluster = Prompt("north 8 a", "north 8 a", "north 8 a")
    assert crossing_copies([short], [long], set(), embed, 0.9) == []
    assert crossing_copies([short], [long, cluster], {"north 8 a"}, embed, 0.9) == [(short, cluster)]
    assert crossing_copies([cluster], [short, long], {"north 8 a"}, embed, 0.9) == [(cluster, long)]
    assert crossing_copies([cluster], [Prompt("east 0 a", "east", "e")], {"north 8 a"}, embed, 0.9) == []


def test_no_cluster_takes_a_known_name(embed):
    known = [Prompt("north 0 a", "East 0 a", "South 0 a.")]
    prompts = name_families(["east 0 a", "south 0 a"], known, embed, SETTINGS)
    assert [(one.text, one.family, one.phrasing) for one in prompts] == [
        (text, f"{text} (cluster)", f"{text} (cluster)") for text in ("east 0 a", "south 0 a")
    ]
