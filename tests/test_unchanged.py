"""Texts that came back as they were."""

from prompt_recovery.recover.choice.unchanged import is_unchanged


def test_only_white_space_may_differ():
    assert is_unchanged("One  two\n", "One two")
    assert not is_unchanged("One two", "One Two")
