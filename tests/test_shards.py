"""A rewriter that is killed, fails and is asked again: no row is lost, doubled or done twice."""

import pytest

from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.rewriters.shards import in_turn, keep_in_shards, task_id
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

TASKS = {f"id{n:02}": (Original(f"text {n}", "a", "g"), Prompt("Shout it.", "loud", "shout")) for n in range(10)}


class Shouter:
    """A rewriter that counts what it was asked, dies after `dies_after` rows, and fails on some texts."""

    def __init__(self, dies_after: int = 1_000, fails_on: tuple[str, ...] = ()):
        self.asked: list[str] = []
        self.dies_after = dies_after
        self.fails_on = fails_on

    def __call__(self, tasks):
        for original, _ in tasks:
            if len(self.asked) == self.dies_after:
                raise KeyboardInterrupt
            self.asked.append(original.text)
            yield Reply("", "timeout") if original.text in self.fails_on else Reply(original.text.upper())


def run(folder, rewrite, **options):
    return keep_in_shards(TASKS, in_turn(rewrite, 3), folder=folder, rows_per_shard=3, **options)


def test_every_task_gets_its_own_reply_in_the_order_of_the_tasks(tmp_path):
    replies = run(tmp_path, Shouter())
    assert list(replies) == list(TASKS)
    assert replies["id07"] == Reply("TEXT 7")
    assert len(list(tmp_path.glob("*.parquet"))) == 4


@pytest.mark.parametrize("dies_after", range(10))
def test_a_run_that_died_anywhere_goes_on_and_ends_as_the_undisturbed_one(tmp_path, dies_after):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Shouter(dies_after))
    second = Shouter()
    assert run(tmp_path, second) == run(tmp_path / "undisturbed", Shouter())
    assert len(second.asked) == 10 - dies_after // 3 * 3  # whole shards are not done again


def test_a_second_run_asks_nothing(tmp_path):
    first = run(tmp_path, Shouter())
    idle = Shouter(dies_after=0)
    assert run(tmp_path, idle) == first


def test_a_failure_stays_on_record_until_it_is_retried(tmp_path):
    assert run(tmp_path, Shouter(fails_on=("text 4",)))["id04"] == Reply("", "timeout")
    assert run(tmp_path, Shouter())["id04"].failure == "timeout"
    again = Shouter()
    assert run(tmp_path, again, retry_failures=True)["id04"] == Reply("TEXT 4")
    assert again.asked == ["text 4"]
    assert run(tmp_path, Shouter(dies_after=0))["id04"] == Reply("TEXT 4")  # the later reply counts


def test_a_broken_shard_is_named_and_the_others_are_kept(tmp_path):
    run(tmp_path, Shouter())
    (tmp_path / "000001.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"000001.parquet: is no whole parquet file .* Delete .*000001.parquet: its"):
        run(tmp_path, Shouter())
    (tmp_path / "000001.parquet").unlink()
    again = Shouter()
    run(tmp_path, again)
    assert again.asked == ["text 3", "text 4", "text 5"]


def gives(*keys):
    """An answer of just these rows, in this order."""
    return lambda tasks: ((key, Reply(key.upper())) for key in keys)


def keep(folder, answer):
    return keep_in_shards(TASKS, answer, folder=folder, rows_per_shard=3)


def test_rows_may_come_in_any_order(tmp_path):
    assert list(keep(tmp_path, gives(*reversed(TASKS)))) == list(TASKS)


def test_a_row_that_stays_away_is_an_error_and_the_next_run_asks_for_it(tmp_path):
    with pytest.raises(InputError, match=r"2 of 10 rows did not come back, for example id04"):
        keep(tmp_path, gives(*(key for key in TASKS if key not in ("id04", "id07"))))
    asked = []
    keep(tmp_path, lambda tasks: asked.extend(tasks) or gives(*tasks)(tasks))
    assert {"id04", "id07"} <= set(asked) < set(TASKS)


@pytest.mark.parametrize(
    ("keys", "fault"), [(("id00", "id00"), "id00 came back a second time"), (("id99",), "nobody asked for it")]
)
def test_a_row_that_comes_twice_or_unasked_is_an_error(tmp_path, keys, fault):
    with pytest.raises(InputError, match=fault):
        keep(tmp_path, gives(*keys))


def test_an_id_changes_with_text_prompt_and_rewriter():
    (original, prompt), rewriter = TASKS["id00"], "rules seed 0"
    ids = {
        task_id((original, prompt), rewriter),
        task_id((Original("other", "a", "g"), prompt), rewriter),
        task_id((original, Prompt("Whisper it.", "loud", "shout")), rewriter),
        task_id((original, prompt), "rules seed 1"),
    }
    assert len(ids) == 4
    assert task_id((original, prompt), rewriter) in ids
