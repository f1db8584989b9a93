import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Embedder, RunConfig, Score
from prompt_recovery.manifest import write_json
from prompt_recovery.places import RunFolder
from prompt_recovery.score.run_scores import Choosing, read_choosing, score_run, seconds_a_row
from prompt_recovery.tables import HYPOTHESES, HYPOTHESIS_KEY, PREDICTIONS, write_table

IDS = [f"row{number}" for number in range(8)]
RUN = RunConfig(
    name="x",
    data="x",
    method="nearest",
    embedder=Embedder(kind="wordllama"),
    score=Score(bootstrap_samples=200, bank_prompts=2),
)
TRUTH = pd.DataFrame({
    "id": IDS, "rewrite_prompt": ["Write a poem.", "Make it formal."] * 4, "family": list("abcdabcd"), "split": "S2",
    "original_text": "Old.", "rewritten_text": "New.",
})  # fmt: skip


def answers(method: str, texts) -> pd.DataFrame:
    columns = {"answered_by": "model", "batch": np.int32(0), "confidence": 0.5}
    return pd.DataFrame({"id": IDS, "method": method, "rewrite_prompt": texts}).assign(**columns)


PREDICTIONS_OF_RUN = pd.concat([answers("constant", "Improve it."), answers("choice", TRUTH["rewrite_prompt"])])
VARIANTS = pd.concat([
    answers("choice", TRUTH["rewrite_prompt"]), answers("choice - neighbour", "Write a poem."),
    answers("leaderboard", "poem formal write"),
])  # fmt: skip
HYPOTHESES_OF_RUN = pd.DataFrame({
    "id": IDS, "rewrite_prompt": "Write a poem.", "kind": "constant", "opening": "", "adapter": "",
    "sample": np.zeros(8, dtype="int32"),
})  # fmt: skip
TRAINING = pd.DataFrame({"rewrite_prompt": ["Write a poem.", "Do it."], "family": ["a", "z"]})


def test_an_ingredient_takes_the_seconds_of_its_hypotheses():
    seconds = {"model": 4.0, "neighbour": 1.0, "decoded": 2.0, "free": 8.0, "deciding": 1.0}
    names = ["choice", "choice - model samples", "choice - verifier", "leaderboard", "leaderboard - free text"]
    assert seconds_a_row(names, seconds, 2) == {
        "choice": 4.0, "choice - model samples": 2.0, "choice - verifier": 4.0, "leaderboard": 8.0,
        "leaderboard - free text": 4.0,
    }  # fmt: skip


def test_variants_are_scored_into_a_table_of_ingredients():
    choosing = Choosing(HYPOTHESES_OF_RUN, VARIANTS, {"neighbour": 0.8, "deciding": 0.8})
    scored = score_run(RUN, PREDICTIONS_OF_RUN, TRUTH, TRAINING, choosing)
    (ablation,) = scored.ablations.values()
    (gain,) = ablation.gains
    assert (gain.ingredient.name, gain.ingredient.whole) == ("neighbour", "choice")
    assert gain.by_split["S2"].mean > 0.1 and gain.milliseconds_a_row == pytest.approx(100)
    table = scored.table()
    assert "SCS with wordllama" in table and "neighbour (in choice)" in table and "Track leaderboard" in table
    best = {one["ceiling_name"]: one["ceiling"] for one in scored.document["measures"]["skills"]}
    assert best["best hypothesis"] < 1 - 1e-6  # half of the rows have not their true prompt among the hypotheses


def test_a_run_that_does_not_choose_has_no_such_table():
    scored = score_run(RUN, PREDICTIONS_OF_RUN, TRUTH, TRAINING, None)
    assert scored.ablations == {} and "ingredient" not in scored.table()
    alone = RUN.model_copy(update={"recover": RUN.recover.model_copy(update={"tracks": ()})})
    assert read_choosing(alone, RunFolder(path=None)) is None


def test_what_recovery_left_is_read_back(tmp_path):
    folder = RunFolder(tmp_path / "x")
    write_table(HYPOTHESES_OF_RUN, folder.hypotheses("test"), HYPOTHESES, key=HYPOTHESIS_KEY)
    write_table(VARIANTS, folder.variants, PREDICTIONS, key=("method", "id"))
    write_json(folder.manifest("recover"), {"counts": {"seconds_by_kind": {"deciding": 1.5}}})
    found = read_choosing(RUN, folder)
    assert found.seconds == {"deciding": 1.5} and len(found.variants) == 24 and len(found.hypotheses) == 8
