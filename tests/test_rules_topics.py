"""What a text is about."""

from prompt_recovery.data.rules.topics import content_words, main_words, topics, with_the

TEXT = "Mabel keeps three hens behind the very old bridge. The hens love Cork."


def test_topics_are_names_and_nouns_with_their_adjectives_each_once():
    assert topics(TEXT) == ["Mabel", "hens", "Cork"]
    assert topics("They cross the old bridge.") == ["old bridge"]


def test_content_words_leave_out_small_words_and_lower_what_is_no_name():
    assert content_words("Bread is what Mabel bakes very quickly.") == ["Bread", "Mabel", "bakes"]


def test_main_words_are_never_empty():
    assert topics("They left.") == []
    assert main_words("They left.") == ["left"]
    assert main_words("...") == ["nothing"]


def test_names_have_no_article():
    assert [with_the("Mabel"), with_the("old bridge")] == ["Mabel", "the old bridge"]
