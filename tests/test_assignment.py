import numpy as np
import pytest

from prompt_recovery.config import Split
from prompt_recovery.data.splits.assignment import (
    BEYOND,
    CAPPED,
    CROSSES,
    OPEN,
    S0,
    S1,
    S2,
    S3,
    S4,
    TEST,
    TRAIN,
    UNTRAINED,
    VALID,
    ImportedRows,
    assign_rows,
)
from prompt_recovery.errors import InputError

SETTINGS = Split(valid_rows=20, test_rows=40, held_out_families=4, held_out_phrasings=1)


def rows(prompt, group, *, phrasings=400, families=80, **changes) -> ImportedRows:
    """Prompts are of two a phrasing, phrasings of so many a family."""
    given = {
        "prompt": np.asarray(prompt, dtype=int),
        "group": np.asarray(group, dtype=int),
        "external": np.zeros(len(prompt), dtype=bool),
        "rewriter_held_out": np.zeros(len(prompt), dtype=bool),
        "phrasing_of": np.arange(2 * phrasings) // 2,
        "family_of": np.arange(phrasings) * families // phrasings,
        "family_part": np.full(families, OPEN),
        "phrasing_part": np.full(phrasings, OPEN),
        "group_part": np.full(max(group, default=0) + 1, OPEN),
        "trained": np.zeros(2 * phrasings, dtype=bool),
    }
    return ImportedRows(**given | changes)


def sparse(count=4_000, seed=0, **changes) -> ImportedRows:
    """Every row has an original of its own."""
    return rows(np.random.default_rng(seed).integers(800, size=count), np.arange(count), **changes)


def dense(groups=300, seed=0, **changes) -> ImportedRows:
    """Every original was rewritten by 30 prompts."""
    rng = np.random.default_rng(seed)
    return rows(
        np.concatenate([rng.choice(800, 30, replace=False) for _ in range(groups)]),
        np.repeat(np.arange(groups), 30),
        **changes,
    )


def of(values, given: ImportedRows, assigned, part, *splits) -> set[int]:
    chosen = (assigned.reason == 0) & (assigned.part == part)
    if splits:
        chosen &= np.isin(assigned.split, splits)
    return set(values[chosen].tolist())


@pytest.mark.parametrize("given", [sparse(), dense(), sparse(seed=1), dense(seed=1)], ids=["sparse", "dense"] * 2)
def test_nothing_crosses(given):
    assigned = assign_rows(given, SETTINGS, seed=0)
    groups = [of(given.group, given, assigned, part) for part in (TRAIN, VALID, TEST)]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    families = of(given.family, given, assigned, TRAIN)
    s2 = [of(given.family, given, assigned, part, S2) for part in (VALID, TEST)]
    assert not families & (s2[0] | s2[1]) and not s2[0] & s2[1]
    for part in (VALID, TEST):
        assert of(given.prompt, given, assigned, part, S0) <= of(given.prompt, given, assigned, TRAIN)
        assert not of(given.phrasing, given, assigned, part, S1) & of(given.phrasing, given, assigned, TRAIN)
        assert of(given.family, given, assigned, part, S1) <= families


@pytest.mark.parametrize("given", [sparse(), dense()], ids=["sparse", "dense"])
def test_every_split_gets_its_rows_of_several_families_and_no_more(given):
    assigned = assign_rows(given, SETTINGS, seed=0)
    for part, wanted in ((VALID, 20), (TEST, 40)):
        for split in (S0, S1, S2):
            chosen = (assigned.reason == 0) & (assigned.part == part) & (assigned.split == split)
            assert 0.75 * wanted <= chosen.sum() <= wanted
            assert len(set(given.family[chosen])) >= 4


@pytest.mark.parametrize("kept", [("S2",), ("S0",), ("S1",), ("S0", "S2")])
def test_only_the_splits_that_are_asked_for_are_held_out(kept):
    given = sparse()
    assigned = assign_rows(given, SETTINGS.model_copy(update={"splits": kept}), seed=0)
    for part, wanted in ((VALID, 20), (TEST, 40)):
        own = assigned.split[(assigned.reason == 0) & (assigned.part == part)]
        assert {f"S{split - 1}" for split in own} == set(kept)
        assert len(own) >= 0.75 * wanted * len(kept)


def test_little_is_lost_where_each_original_has_one_prompt():
    given = sparse()
    assigned = assign_rows(given, SETTINGS, seed=0)
    assert (assigned.reason == CROSSES).sum() == 0
    held_out_families = 2 * SETTINGS.held_out_families
    assert (assigned.reason == BEYOND).sum() <= held_out_families * 50 + 60  # 50 rows a family, and of S1's phrasings
    assert (assigned.part[assigned.reason == 0] == TRAIN).mean() > 0.9


def test_what_rows_made_here_gave_is_kept():
    family_part = np.full(80, OPEN)
    family_part[:3] = TRAIN, VALID, TEST
    phrasing_part = np.full(400, OPEN)
    phrasing_part[0] = TEST  # of family 0, which is of training
    group_part = np.full(4_000, OPEN)
    group_part[:1000], group_part[1000:1100] = TRAIN, TEST
    given = sparse(family_part=family_part, phrasing_part=phrasing_part, group_part=group_part)
    assigned = assign_rows(given, SETTINGS, seed=0)
    kept = assigned.reason == 0
    assert set(assigned.part[kept & (given.family == 1)]) == {VALID}
    assert set(assigned.part[kept & (given.family == 2)]) == {TEST}
    assert set(assigned.split[kept & (given.phrasing == 0)]) <= {S1}
    assert set(assigned.part[kept & (given.group < 1000)]) == {TRAIN}
    assert set(assigned.part[kept & (given.group >= 1000) & (given.group < 1100)]) == {TEST}


def test_an_external_file_is_for_the_test_alone():
    given = sparse(external=np.arange(4_000) < 200)
    assigned = assign_rows(given, SETTINGS, seed=0)
    assert set(assigned.split[given.external]) == {S4}
    kept = given.external & (assigned.reason == 0)
    assert set(assigned.part[kept]) == {TEST}
    assert not set(given.prompt[kept]) & of(given.prompt, given, assigned, TRAIN)
    assert S4 not in assigned.split[~given.external]


def test_a_held_out_rewriter_is_for_s3_alone_and_asks_for_known_kinds():
    given = sparse(rewriter_held_out=np.arange(4_000) % 10 == 0)
    assigned = assign_rows(given, SETTINGS, seed=0)
    kept = assigned.reason == 0
    assert set(assigned.split[given.rewriter_held_out & kept]) == {S3}
    assert set(assigned.part[given.rewriter_held_out & kept]) == {VALID, TEST}
    assert set(given.family[given.rewriter_held_out & kept]) <= of(given.family, given, assigned, TRAIN)
    assert [(kept & (assigned.split == S3) & (assigned.part == part)).sum() for part in (VALID, TEST)] == [20, 40]


def test_a_family_is_capped_in_training():
    settings = SETTINGS.model_copy(update={"max_train_rows_per_family": 10})
    given = sparse()
    assigned = assign_rows(given, settings, seed=0)
    train = (assigned.reason == 0) & (assigned.part == TRAIN)
    assert np.bincount(given.family[train]).max() == 10
    assert (assigned.reason == CAPPED).sum() > 2_000
    s0 = (assigned.reason == 0) & (assigned.split == S0)
    assert set(given.prompt[s0]) <= set(given.prompt[train])
    assert (assigned.reason == UNTRAINED).any()


def test_the_seed_alone_decides():
    one, same, other = (assign_rows(sparse(), SETTINGS, seed=seed) for seed in (0, 0, 1))
    assert (one.part == same.part).all() and (one.reason == same.reason).all()
    assert (one.part != other.part).any()


def test_too_few_families_are_refused_unless_there_are_others():
    few = {"phrasings": 20, "families": 8}
    given = rows(np.arange(400) % 40, np.arange(400), **few)
    with pytest.raises(InputError, match=r"held_out_families = 4: taken twice, it leaves none of the 8 families"):
        assign_rows(given, SETTINGS, seed=0)
    known = np.r_[TRAIN, np.full(7, OPEN)]
    assigned = assign_rows(rows(np.arange(400) % 40, np.arange(400), family_part=known, **few), SETTINGS, seed=0)
    assert S2 not in assigned.split


def test_no_rows_give_no_assignment():
    given = rows([], [], phrasings=4, families=2, family_part=np.array([TRAIN, OPEN]))
    assert len(assign_rows(given, SETTINGS, seed=0).part) == 0


def test_rows_of_which_none_may_be_trained_on_are_refused():
    with pytest.raises(InputError, match=r"no imported row may be trained on: all are external"):
        assign_rows(sparse(external=np.full(4_000, True)), SETTINGS, seed=0)
