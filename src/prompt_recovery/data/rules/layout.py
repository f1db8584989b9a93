"""A text and a random generator in, the same content out laid out otherwise: lists, tables, JSON, HTML, tweets."""

import html
import json
import random
import re
import textwrap

from prompt_recovery.data.rules.framing import deck
from prompt_recovery.data.rules.sentences import split_sentences, upper_first
from prompt_recovery.data.rules.topics import content_words, main_words, topics, with_the


def _title(text: str) -> str:
    """Return a title of the first and the last topic."""
    found = main_words(text)
    return " and ".join(topic.title() for topic in dict.fromkeys((found[0], found[-1])))


_CLAUSE_START = re.compile(r"[,;:]\s+(?:(?:and|but)\s+)?|\s+(?:and|but)\s+|\s+(?=because\b|while\b|so that\b)")


def _items(text: str) -> list[str]:
    """Return the sentences, or the clauses of a text of one sentence, each with a capital first."""
    sentences = split_sentences(text)
    if len(sentences) == 1:
        clauses = _CLAUSE_START.split(sentences[0])
        sentences = clauses if all(len(clause.split()) > 1 for clause in clauses) else sentences
    return [upper_first(sentence) for sentence in sentences]


def _bare(sentence: str) -> str:
    return sentence[:-1] if sentence.endswith(".") and len(sentence) > 1 else sentence


_LIST_HEADS = ("Key points:\n", "Main points:\n", "{}:\n", "In bullet points:\n", "The essentials:\n", "", "")


def bullet_list(text: str, rng: random.Random) -> str:
    """Make each sentence a bullet, under a heading most times."""
    head, bullet = rng.choice(_LIST_HEADS).format(_title(text)), rng.choice(("-", "*", "•"))
    return head + "\n".join(f"{bullet} {_bare(item)}" for item in _items(text))


_STEP_HEADS = ("Follow these steps:", "Step by step:", "The steps, in order:", "Steps:", "One step at a time:")
_STEP_MARKS = ("{}.", "{})", "Step {}:", "Step {} -", "Step {}.")


def numbered_steps(text: str, rng: random.Random) -> str:
    """Number the sentences as steps, under a line that announces them."""
    mark = rng.choice(_STEP_MARKS)
    steps = [f"{mark.format(n)} {item}" for n, item in enumerate(_items(text), 1)]
    return "\n".join([rng.choice(_STEP_HEADS), *steps])


_COLUMNS = (
    ("No.", "Statement"), ("#", "Sentence"), ("Part", "Content"), ("Row", "What it says"), ("Item", "Details"),
    ("Number", "Information"),
)


def markdown_table(text: str, rng: random.Random) -> str:
    """Put each sentence in a row of a Markdown table, numbered, sometimes with its topic."""
    header, topic = list(rng.choice(_COLUMNS)), rng.choice(("", "Topic", "Subject", "About"))
    rows = [[str(n), *([_topic(item)] if topic else []), item] for n, item in enumerate(_items(text), 1)]
    columns = [header[0], *([topic] if topic else []), header[1]]
    return "\n".join(_row(cells) for cells in (columns, ["---"] * len(columns), *rows))


def _row(cells: list[str]) -> str:
    escaped = " | ".join(cell.replace("|", r"\|") for cell in cells)
    return f"| {escaped} |"


def _topic(sentence: str) -> str:
    return upper_first(next(iter(topics(sentence)), content_words(sentence)[-1]))


def json_object(text: str, rng: random.Random) -> str:
    """Put a title and the sentences into one JSON object; the names of the keys vary."""
    items = _items(text)
    content = {rng.choice(("title", "subject", "topic", "name")): _title(text)}
    extras = {"keywords": content_words(text)[:5], "sentence_count": len(items), "topics": topics(text)[:4]}
    extra = rng.choice(("", *extras))
    content |= {extra: extras[extra]} if extra else {}
    if rng.random() < 0.5:
        content[rng.choice(("sentences", "content", "statements", "lines"))] = items
    else:
        numbered = [{"id": n, "text": item} for n, item in enumerate(items, 1)]
        content[rng.choice(("items", "entries", "parts"))] = numbered
    return json.dumps(content, indent=rng.choice((2, 4)), ensure_ascii=False)


def html_page(text: str, rng: random.Random) -> str:
    """Put the text into an HTML page: a title, a heading and a paragraph for each sentence."""
    title, frame = html.escape(_title(text)), rng.choice(("main", "article", "section", 'div class="content"'))
    mark = rng.choice(("{}", "{}", "<em>{}</em>", "<strong>{}</strong>"))
    first, *others = [html.escape(sentence, quote=False) for sentence in split_sentences(text)]
    paragraphs = [f"<p>{paragraph}</p>" for paragraph in (mark.format(first), *others)]
    head = f"<head>\n<title>{title}</title>\n</head>"
    body = "\n".join(["<body>", f"<{frame}>", f"<h1>{title}</h1>", *paragraphs, f"</{frame.split()[0]}>", "</body>"])
    return f'<!DOCTYPE html>\n<html lang="en">\n{head}\n{body}\n</html>'


def markdown_headings(text: str, rng: random.Random) -> str:
    """Give the text a Markdown title and each sentence or two a heading of their own."""
    size, level = rng.choice((1, 1, 2)), rng.choice(("##", "##", "###"))
    items = _items(text)
    groups = [items[n : n + size] for n in range(0, len(items), size)]
    taken: list[str] = []
    for group in groups:
        fitting = [topic.title() for topic in topics(" ".join(group)) if topic.title() not in taken]
        taken.append(fitting[0] if fitting else f"Part {len(taken) + 1}")
    sections = [f"{level} {name}\n\n{' '.join(group)}" for name, group in zip(taken, groups, strict=True)]
    return "\n\n".join([f"# {_title(text)}", *sections])


_QUESTIONS = (
    "What do we learn about {}?", "What is there to know about {}?", "What about {}?", "What is said about {}?",
    "What can you tell me about {}?", "And what of {}?", "How do things stand with {}?",
)
_OPEN_QUESTIONS = ("What should one know?", "What is there to say?", "What is important here?", "What can we add?")
_SPEAKERS = (("Q:", "A:"), ("Question:", "Answer:"), ("**Q:**", "**A:**"), ("Q.", "A."), ("Q -", "A -"))


def question_and_answer(text: str, rng: random.Random) -> str:
    """Let each sentence answer a question about its topic."""
    asks, answers = rng.choice(_SPEAKERS)
    questions, open_questions, pairs = deck(_QUESTIONS, rng), deck(_OPEN_QUESTIONS, rng), []
    for item in _items(text):
        asked = next(questions).format(with_the(topics(item)[0])) if topics(item) else next(open_questions)
        pairs.append(f"{asks} {asked}\n{answers} {item}")
    return "\n\n".join(pairs)


_CHECK_HEADS = ("Checklist: {}", "Checklist", "Tick off each item:", "To check off:", "Checklist for {}:", "To do: {}")


def checklist(text: str, rng: random.Random) -> str:
    """Give each sentence a box to tick, under the name of the checklist."""
    head, box = rng.choice(_CHECK_HEADS).format(_title(text)), rng.choice(("- [ ]", "[ ]", "☐", "* [ ]"))
    return "\n".join([head, *(f"{box} {_bare(item)}" for item in _items(text))])


_THREAD_OPENINGS = ("A thread:", "Thread time!", "🧵 Thread:", "A short thread. 🧵", "Thread incoming 👇")
_THREAD_ENDINGS = ("/end", "End of thread.", "Follow for more!", "Retweet if you agree!", "RT the first tweet!")
_TWEET_ROOM = 220  # of the 280 characters, the rest is for opening, number and tags


def tweet_thread(text: str, rng: random.Random) -> str:
    """Number the sentences as tweets of a thread, with hashtags from their topics."""
    items = [part for item in _items(text) for part in textwrap.wrap(item, _TWEET_ROOM) or [item]]
    tweets = [f"{n}/{len(items)} {item} {_hashtag(item)}".rstrip() for n, item in enumerate(items, 1)]
    tweets[0] = f"{rng.choice(_THREAD_OPENINGS)} {tweets[0]}"
    tweets[-1] = f"{tweets[-1]} {rng.choice(_THREAD_ENDINGS)}"
    return "\n\n".join(tweets)


def _hashtag(sentence: str) -> str:
    return "#" + re.sub(r"\W", "", main_words(sentence)[-1].title())


RULES = {
    rule.__name__: rule
    for rule in (
        bullet_list, numbered_steps, markdown_table, json_object, html_page, markdown_headings, question_and_answer,
        checklist, tweet_thread,
    )
}
