"""The layout rules: one golden example a family, and well-formed JSON, HTML and Markdown from awkward texts."""

import json
import random
from html.parser import HTMLParser

import pytest

from prompt_recovery.data.rules import layout
from prompt_recovery.data.rules.sentences import split_sentences

ORIGINAL = "Mabel keeps three hens behind the old bakery. They love brown bread & rain. Nobody leaves without a story."
EXPECTED = {
    "bullet_list": (
        "* Mabel keeps three hens behind the old bakery\n* They love brown bread & rain\n"
        "* Nobody leaves without a story"
    ),
    "numbered_steps": (
        "Steps:\nStep 1 - Mabel keeps three hens behind the old bakery.\n"
        "Step 2 - They love brown bread & rain.\nStep 3 - Nobody leaves without a story."
    ),
    "markdown_table": (
        "| Row | About | What it says |\n| --- | --- | --- |\n"
        "| 1 | Mabel | Mabel keeps three hens behind the old bakery. |\n"
        "| 2 | Rain | They love brown bread & rain. |\n| 3 | Story | Nobody leaves without a story. |"
    ),
    "json_object": (
        '{\n    "name": "Mabel and Story",\n    "topics": [\n        "Mabel",\n        "hens",\n'
        '        "old bakery",\n        "story"\n    ],\n    "lines": [\n'
        '        "Mabel keeps three hens behind the old bakery.",\n'
        '        "They love brown bread & rain.",\n        "Nobody leaves without a story."\n    ]\n}'
    ),
    "html_page": (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<title>Mabel and Story</title>\n</head>\n<body>\n'
        '<div class="content">\n<h1>Mabel and Story</h1>\n'
        "<p><strong>Mabel keeps three hens behind the old bakery.</strong></p>\n"
        "<p>They love brown bread &amp; rain.</p>\n<p>Nobody leaves without a story.</p>\n</div>\n</body>\n"
        "</html>"
    ),
    "markdown_headings": (
        "# Mabel and Story\n\n## Mabel\n\nMabel keeps three hens behind the old bakery.\n\n## Part 2\n\n"
        "They love brown bread & rain.\n\n## Story\n\nNobody leaves without a story."
    ),
    "question_and_answer": (
        "Q. How do things stand with Mabel?\nA. Mabel keeps three hens behind the old bakery.\n\n"
        "Q. What is important here?\nA. They love brown bread & rain.\n\nQ. What is said about the story?\n"
        "A. Nobody leaves without a story."
    ),
    "checklist": (
        "To check off:\n* [ ] Mabel keeps three hens behind the old bakery\n"
        "* [ ] They love brown bread & rain\n* [ ] Nobody leaves without a story"
    ),
    "tweet_thread": (
        "A short thread. 🧵 1/3 Mabel keeps three hens behind the old bakery. #OldBakery\n\n"
        "2/3 They love brown bread & rain. #Rain\n\n"
        "3/3 Nobody leaves without a story. #Story Retweet if you agree!"
    ),
}


AWKWARD = (
    'She said "a < b & c > d | e" \\ {x}. Was it 5% or 50? Yes, \'twas!',
    "One sentence only, with a clause and no full stop",
    "Hello",
    "<p>Markup</p> & more. </body> closes it.",
    "\U0001f600 caf\u00e9! Na\u00efve.",
)


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("seed", range(8))
def test_json_is_an_object_that_holds_the_text(text, seed):
    content = json.loads(layout.json_object(text, random.Random(seed)))
    lines = next(reversed(content.values()))
    assert [line["text"] if isinstance(line, dict) else line for line in lines] == layout._items(text)


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("seed", range(8))
def test_html_tags_match_and_the_text_survives(text, seed):
    opened, seen = [], []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: opened.append(tag)
    parser.handle_endtag = lambda tag: seen.append(opened.pop() == tag)
    parser.handle_data = seen.append
    parser.feed(layout.html_page(text, random.Random(seed)))
    parser.close()
    assert not opened
    assert False not in seen
    assert all(sentence in seen for sentence in split_sentences(text))


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("seed", range(8))
def test_table_rows_have_equally_many_cells(text, seed):
    rows = layout.markdown_table(text, random.Random(seed)).splitlines()
    assert len({row.replace(r"\|", "").count("|") for row in rows}) == 1
    assert set(rows[1]) == set("| -")


def test_one_sentence_is_cut_into_clauses():
    text = "We packed the tent, filled the flasks and drove to the coast"
    bullets = layout.bullet_list(text, random.Random(1)).splitlines()[-3:]
    assert [line[2:] for line in bullets] == ["We packed the tent", "Filled the flasks", "Drove to the coast"]


def test_tweets_fit():
    tweets = layout.tweet_thread("word " * 120 + "end.", random.Random(0)).split("\n\n")
    assert len(tweets) > 2
    assert max(map(len, tweets)) <= 280
