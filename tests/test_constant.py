"""The constants of both tracks: how far they close the distance to the bound on prompts that took no part."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Constant, RunConfig
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import write_json
from prompt_recovery.places import TriplesFolder
from prompt_recovery.recover.constants.constant import (
    constant_document,
    constants_of_run,
    constants_table,
    find_constants,
    prompt_weights,
)
from prompt_recovery.recover.constants.constant_finder import constant_finder
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.tables import TRIPLES, write_table

VERBS = ["Rewrite", "Turn", "Change", "Convert"]
THINGS = ["the text", "this story", "the passage", "this email"]
FORMS = ["as a poem.", "into a letter.", "in a formal tone.", "with sad words.", "as a short list.", "like a pirate."]
PROMPTS = [f"{verb} {thing} {form}" for verb in VERBS for thing in THINGS for form in FORMS]
ORDER = np.random.default_rng(0).permutation(len(PROMPTS))
TRAIN, HELD_OUT = ({PROMPTS[row]: 1.0 for row in rows} for rows in (ORDER[:48], ORDER[48:]))
PIECES = (" poem", " letter", " formal", " lucrarea", "s")
AXES: dict[str, np.ndarray] = {}
SETTINGS = Constant(candidates=240, batch=40, beam=4, patience=4, max_words=14, odd_weight=0.0)


def embed(texts) -> np.ndarray:
    """A sum of one vector a word, the verbs' alike, as unit vectors."""
    for word in sorted({word for text in texts for word in text.split()} - AXES.keys()):
        own = np.random.default_rng(sum(word.encode()) * 1_000 + len(word)).normal(size=24)
        AXES[word] = own + 6 * (word in VERBS)
    vectors = np.array([np.sum([np.full(24, 0.01), *(AXES[word] for word in text.split())], axis=0) for text in texts])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def limit(pieces=127) -> PieceLimit:
    return PieceLimit(lambda texts: [len(text.split()) for text in texts], pieces)


def found(weight=TRAIN, pieces=None, settings=SETTINGS, cap=127, **options):
    return find_constants(weight, embed, limit=limit(cap), settings=settings, pieces=pieces, **options)


def test_both_tracks_close_much_of_the_distance_on_held_out_prompts():
    constants = found(pieces=PIECES, held_out={"S2": HELD_OUT})
    held = constants.held_out["S2"]
    assert held.best_prompt < held.clean < held.leaderboard
    assert held.leaderboard_share > 0.6 and held.clean_share > 0.3
    assert held.clean_share == pytest.approx((held.clean - held.best_prompt) / (held.bound - held.best_prompt))
    assert held.clean == pytest.approx(
        np.mean((embed(list(HELD_OUT)) @ embed([constants.clean.rewrite_prompt])[0]) ** 3)
    )


def test_the_bound_is_above_every_text_and_the_best_prompt_below():
    constants = found(pieces=PIECES)
    assert constants.best_prompt.rewrite_prompt in TRAIN
    assert constants.best_prompt.train_score < constants.clean.train_score <= constants.bound
    assert constants.clean.train_score < constants.leaderboard.train_score <= constants.bound + 1e-6


def test_the_leaderboard_is_searched_only_when_asked_for():
    constants = found(held_out={"S2": HELD_OUT})
    assert constants.leaderboard is None and constants.held_out["S2"].leaderboard is None
    with pytest.raises(InputError, match="made for the clean track alone"):
        finder = constant_finder(list(TRAIN), embed, limit=limit(), settings=SETTINGS)
        finder.find(finder.targets(TRAIN), "leaderboard")


def test_the_leaderboards_search_begins_with_a_long_text_and_knows_its_seeds():
    seen = []
    own = Embedder("seeing", lambda texts: seen.append(texts) or embed(texts))
    finder = constant_finder(list(TRAIN), own, limit=limit(50), settings=SETTINGS, pieces=())
    seen.clear()
    seed = "Rewrite the text as a poem. Turn this story into a letter."
    best = finder.find(finder.targets(TRAIN), "leaderboard", seeds=[seed], candidates=1)
    (start,) = seen[0]
    assert start.startswith(seed) and 20 <= len(start.split()) <= 25
    assert best.train_score >= finder.targets(TRAIN).scores(embed([seed]))[0] - 1e-6


def test_candidates_are_embedded_quickly_and_the_winner_scored_exactly():
    asked = []

    def roughly(texts):
        asked.extend(texts)
        return np.roll(embed(texts), 1, axis=1)  # another embedder's: the scores would be far off

    constants = found(quick=roughly)
    finder = constant_finder(list(TRAIN), embed, limit=limit(), settings=SETTINGS)
    exact = finder.targets(TRAIN).scores(embed([constants.clean.rewrite_prompt]))[0]
    assert asked and constants.clean.train_score == pytest.approx(exact)


def test_the_table_names_each_track_and_split():
    table = constants_table(found(pieces=PIECES, held_out={"S2": HELD_OUT}))
    assert [line.split()[0] for line in table.splitlines()] == ["best", "clean", "leaderboard", "free", "S2:"]
    assert "clean share 0." in table and re.search(r"leaderboard share [01]\.\d{3}", table)


def test_no_candidates_means_the_best_prompt():
    constants = found(pieces=PIECES, settings=SETTINGS.model_copy(update={"candidates": 0}))
    assert constants.clean == constants.leaderboard == constants.best_prompt


def test_only_the_most_frequent_prompts_are_tried_first():
    weight = {"Turn the text into a letter.": 9.0, "Rewrite this email as a poem.": 1.0}
    settings = SETTINGS.model_copy(update={"candidates": 0, "seeds": 1})
    assert found(weight, settings=settings, prompts=sorted(weight)).best_prompt.rewrite_prompt == sorted(weight)[0]
    assert found(weight, settings=settings).best_prompt.rewrite_prompt == "Turn the text into a letter."


def test_clean_texts_take_no_words_from_prompts_with_markdown():
    prompts = [*TRAIN, "**Rewrite** this as a sonnet.", "# Translate this"]
    words = constant_finder(prompts, embed, limit=limit(), settings=SETTINGS).readable.wording.words
    assert "poem." in words and not {"**Rewrite**", "sonnet.", "#", "Translate"} & set(words)


def test_a_finder_serves_a_part_of_the_prompts_and_embeds_none_of_them_again():
    seen = []
    own = Embedder("counting", lambda texts: seen.extend(texts) or embed(texts))
    finder = constant_finder(list(TRAIN), own, limit=limit(), settings=SETTINGS)
    seen.clear()
    poems = {prompt: 1.0 for prompt in TRAIN if "poem" in prompt}
    best = finder.find(finder.targets(poems), candidates=80)
    assert "poem" in best.rewrite_prompt
    assert 0 < len(seen) < 80 and not TRAIN.keys() & set(seen)


@pytest.mark.parametrize("cap", [3, 9])
def test_no_constant_is_over_the_cap(cap):
    constants = found(pieces=PIECES, cap=cap, settings=SETTINGS.model_copy(update={"candidates": 100}))
    texts = [constants.clean, constants.leaderboard, constants.best_prompt]
    assert all(1 <= len(one.rewrite_prompt.split()) <= cap for one in texts)


def test_one_prompt_is_its_own_constant():
    constants = found({"Rewrite the text as a poem.": 2.0}, held_out={"S0": {"Rewrite the text as a poem.": 1.0}})
    assert constants.clean.rewrite_prompt == "Rewrite the text as a poem."
    assert constants.clean.train_score == pytest.approx(1) and constants.held_out["S0"].clean == pytest.approx(1)


def test_one_prompt_that_is_too_long_is_cut():
    constants = found({"word " * 200: 1.0})
    assert 1 <= len(constants.clean.rewrite_prompt.split()) <= 127


@pytest.mark.parametrize("weight", [{}, {" ": 1.0, "nan": 3.0}])
def test_no_prompts_are_an_error(weight):
    with pytest.raises(InputError, match="found no prompts"):
        found(weight)


def test_vectors_that_are_no_numbers_are_an_error():
    with pytest.raises(InputError, match="no unit vector for 48 of 48 texts"):
        find_constants(TRAIN, lambda texts: np.full((len(texts), 4), np.nan), limit=limit(), settings=SETTINGS)


def test_a_state_of_other_prompts_settings_or_embedder_is_not_gone_on_from(tmp_path):
    few = dict(list(TRAIN.items())[:20])
    fewer = dict(list(few.items())[:10])
    short = SETTINGS.model_copy(update={"candidates": 40, "batch": 20})
    other = short.model_copy(update={"odd_weight": 0.001})
    for weight, settings, cap in [
        (few, short, 127),
        (fewer, short, 127),
        (fewer, other, 127),
        (fewer, other, 9),
    ]:
        left_behind = found(weight, PIECES, settings=settings, cap=cap, states=tmp_path)
        assert left_behind == found(weight, PIECES, settings=settings, cap=cap)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clean.npz", "leaderboard.npz"]


def test_families_may_count_alike():
    triples = pd.DataFrame({"rewrite_prompt": ["a", "a", "a", "b", "c"], "family": ["x", "x", "x", "x", "y"]})
    assert prompt_weights(triples) == pytest.approx({"a": 0.6, "b": 0.2, "c": 0.2})
    assert prompt_weights(triples, "families") == pytest.approx({"a": 0.375, "b": 0.125, "c": 0.5})


@pytest.fixture
def folder(tmp_path, triples):
    made = TriplesFolder(tmp_path)
    write_table(triples, made.part("train"), TRIPLES)
    valid = triples.assign(split=["S0", "S1", "S0", "S1"])
    write_table(valid, made.part("valid"), TRIPLES)
    return made


def run_config(**constant) -> RunConfig:
    return RunConfig(name="one", data="one", method="nearest", constant={"candidates": 50, "batch": 10} | constant)


OWN = Embedder("words", embed, pieces=lambda: PIECES)


def test_a_run_says_how_its_constant_does_on_each_validation_split(folder, tmp_path):
    constants = constants_of_run(run_config(), folder, OWN, OWN, states=tmp_path / "states")
    assert constants.held_out.keys() == {"S0", "S1"} and constants.leaderboard is None
    write_json(tmp_path / "constant.json", constant_document(constants))
    document = json.loads((tmp_path / "constant.json").read_text())
    assert document["rewrite_prompt"] == document["clean"]["rewrite_prompt"] == constants.clean.rewrite_prompt
    assert document["embedder"] == "words" and document["bound"]["train_score"] >= document["clean"]["train_score"]


def test_a_run_of_the_leaderboard_track_has_both(folder, tmp_path):
    recover = {"tracks": ["clean", "leaderboard"]}
    run = RunConfig.model_validate(run_config().model_dump(mode="json") | {"recover": recover})
    constants = constants_of_run(run, folder, OWN, OWN, states=tmp_path / "states")
    assert constants.leaderboard.train_score >= constants.clean.train_score


def test_calibrated_weights_are_those_of_validation_prompts(folder, tmp_path):
    run = run_config(weighting="calibrated", candidates=0)
    with pytest.raises(InputError, match=r"calibration.parquet: not found, which constant.weighting"):
        constants_of_run(run, folder, OWN, OWN, states=tmp_path / "states")
    frame = pd.DataFrame({"rewrite_prompt": ["Make it upper case.", "Rewrite this text like a pirate."]})
    frame.assign(weight=[0.9, 0.1], chosen=True).to_parquet(folder.calibration)
    constants = constants_of_run(run, folder, OWN, OWN, states=tmp_path / "states")
    assert constants.clean.rewrite_prompt == "Make it upper case." and constants.held_out == {}
