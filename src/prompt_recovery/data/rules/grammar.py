"""A text and a random generator in, the same content out in other grammar: tense, person, questions, length."""

import random
import re
from collections.abc import Callable, Sequence

from prompt_recovery.data.rules import verbs
from prompt_recovery.data.rules.framing import deck
from prompt_recovery.data.rules.inflection import command_place, in_future, in_past, question, recast
from prompt_recovery.data.rules.sentences import replace_words, split_sentences, upper_first
from prompt_recovery.data.rules.topics import content_words, topics, with_the

_PAST_LEADS = (
    "Back then,", "In those days,", "At that time,", "Years ago,", "Some time ago,", "In the past,", "At that point,",
)
_FUTURE_LEADS = (
    "It will turn out that", "Soon it will be clear that", "People will find that", "One day it will be said that",
    "Before long, everyone will see that", "The future will show that",
)


def past_tense(text: str, rng: random.Random) -> str:
    """Put every verb and time word into the past; sentences that are past already get `Back then`."""
    return _retold(text, rng, in_past, _PAST_LEADS)


def future_tense(text: str, rng: random.Random) -> str:
    """Put every verb into the future with `will`; a sentence without a known verb `will turn out` to be so."""
    return _retold(text, rng, in_future, _FUTURE_LEADS, r"\b(will|shall)\b|'ll\b")


_WE_LEADS = (
    "We know that", "As we all saw,", "We can say that", "As we remember it,", "We should add that",
    "It seemed to us that", "We all agree that", "As far as we can tell,",
)
_THEY_LEADS = (
    "The narrator says that", "According to the narrator,", "The author adds that", "As the storyteller puts it,",
    "The writer explains that", "The narrator points out that", "As the author tells it,",
)
_YOU_LEADS = (
    "You know that", "As you can see,", "You will notice that", "You may remember that", "You should know that",
    "As you look around, you find that", "You can tell that", "As you are well aware,",
)
_FIRST = frozenset("i me my mine myself we us our ours ourselves".split())
_SECOND = frozenset("you your yours yourself".split())


def first_person_plural(text: str, rng: random.Random) -> str:
    """Make `we` of the main person (I, you, or the first of he and she), with verbs to match."""
    person = _main_person(text)
    roles = {person: "we"} if person else {}
    commanded = "we" if person == "you" else ""
    return _retold(text, rng, lambda old: recast(old, roles, commanded), _WE_LEADS, r"\b(we|us|ours?)\b")


def second_person(text: str, rng: random.Random) -> str:
    """Make `you` of the main person; readers who were `you` become `they`; commands get a subject."""
    person = _main_person(text)
    roles = {"i": "you", "we": "you", "you": "they"} if person == "i" else {person: "you"}
    roles.pop("", None)
    commanded = "you" if person == "you" else ""
    return _retold(text, rng, lambda old: recast(old, roles, commanded), _YOU_LEADS, r"\byour?\b")


def third_person(text: str, rng: random.Random) -> str:
    """Make `she` or `he`, at first `the writer`, of I, and `they` of we and you; else name a narrator."""
    person, narrator = _main_person(text), rng.choice(("she", "he"))
    roles = {"i": narrator, "we": "they", "you": "they"} if person in {"i", "you"} else {}
    told = _retold(text, rng, lambda old: recast(old, roles, "they" if person == "you" else ""), _THEY_LEADS, r"(?!)")
    label = rng.choice(("the writer", "the narrator", "the author", "the speaker"))
    return _named(told, narrator, label) if person == "i" else told


def _named(text: str, pronoun: str, label: str) -> str:
    """Put `label` for the first `pronoun`."""
    first = rf"\b({pronoun}|{upper_first(pronoun)})\b"
    return re.sub(first, lambda match: upper_first(label) if match[1][0].isupper() else label, text, count=1)


def _main_person(text: str) -> str:
    """Return from whose view a text is told: i (also for we), you (also for commands), he, she, or none."""
    words = re.findall(r"[a-z]+", text.lower())
    commands = sum(command_place(sentence) >= 0 for sentence in split_sentences(text))
    if sum(word in _FIRST for word in words) > commands:
        return "i"
    if commands or _SECOND & set(words):
        return "you"
    return next((word for word in words if word in {"he", "she"}), "")


def _retold(
    text: str, rng: random.Random, change: Callable[[str], str], leads: Sequence[str], marked: str = r"(?!)"
) -> str:
    """Change every sentence; of those that stay as they were and do not match `marked`, every other gets a lead."""
    next_leads, plain, told = deck(leads, rng), 0, []
    for old in split_sentences(text):
        new = change(old)
        if new == old and command_place(old) < 0 and not re.search(marked + r"|\?\W*$", old, re.IGNORECASE):
            new, plain = (f"{next(next_leads)} {verbs.lowered(old)}" if plain % 2 == 0 else old), plain + 1
        told.append(new)
    return " ".join(told) if told != split_sentences(text) else f"{next(next_leads)} {verbs.lowered(text)}"


_TAGS = (", isn't that so?", ", don't you think?", ", right?", ", wouldn't you agree?", ", is that not true?")
_FRAMES = (
    "Is it true that", "Did you know that", "Could it be that", "Who would have thought that", "Have you heard that",
    "Would you believe that", "Isn't it the case that",
)
_REQUESTS = ("Could you", "Would you", "Why not", "Can you", "Will you", "Shall we")
_ORDER_TAGS = ("would you?", "will you?", "won't you?")


def all_questions(text: str, rng: random.Random) -> str:
    """Ask every sentence instead of stating it: turned round where that is safe, else framed or tagged."""
    frames, tags = deck(_FRAMES, rng), deck(_TAGS, rng)
    sentences = split_sentences(text)
    asked = []
    for n, old in enumerate(sentences):
        statement = re.sub(r"^Please,? ", "", old.rstrip(".!;:, "))
        framed = f"{next(frames)} {verbs.lowered(statement)}?" if n % 3 != 1 else statement + next(tags)
        if (command := command_place(old)) >= 0:
            framed = f"{statement}, {rng.choice(_ORDER_TAGS)}" if command else _request(statement, rng)
        asked.append(old if old.rstrip("\"')").endswith("?") else question(old) or framed)
    return " ".join(asked if asked != sentences else [*asked, "Isn't that the question?"])


def _request(command: str, rng: random.Random) -> str:
    return f"{rng.choice(_REQUESTS)} {command[:1].lower()}{command[1:]}?"


_SHORT_LEADS = ("In short:", "Briefly:", "To sum up:", "In a nutshell:", "The short version:", "The gist:", "In brief:")
_FILLERS = re.compile(
    r"\s*\([^)]*\)|\b(?:very|really|quite|rather|just|simply|actually|also|so|too|even|still|perhaps|of course|"
    r"(?!only|family|early|july|italy|reply|supply|apply|fly)\w{3,}ly) (?=[a-z])",
    re.IGNORECASE,
)
_SIDE_CLAUSE = re.compile(
    r"(?:,? (?:because|although|though|so that|while|whereas|unless|until|even if|as if)|, (?:which|who|where|with|but|"
    r"and|so|yet|when|then|or|as)|[;:]| -) .*"
)
_SETTING = re.compile(r"^(?:In|On|At|By|After|Before|During|From|When|While|As|Once|If|Apart|Meanwhile)\b[^,]*, (?=\w)")


def shorten(text: str, rng: random.Random) -> str:
    """Keep the core of the first sentence and of the weightiest others, half of them in all."""
    sentences = split_sentences(text)
    weighty = sorted(range(1, len(sentences)), key=lambda n: -len(topics(sentences[n])))[: (len(sentences) - 1) // 2]
    cores = [_core(sentences[n]) for n in [0, *sorted(weighty)]]
    return f"{rng.choice(_SHORT_LEADS)} {' '.join(cores)}"


def _core(sentence: str) -> str:
    """Return a sentence without setting, fillers and side clauses, as far as at least three words are left."""
    core = sentence
    for pattern in (_SETTING, _FILLERS, _SIDE_CLAUSE):
        shorter = pattern.sub("", core)
        core = shorter if len(shorter.split()) > 3 else core
    return upper_first(core.rstrip(" ,.!?")) + ("?" if sentence.endswith("?") else ".")


_SWELLINGS = {
    "because": "for the simple reason that", "now": "at this very moment", "many": "a great many", "very": "very, very",
    "often": "time and time again", "then": "then, a little later,", "before": "some time before",
    "about": "more or less about", "always": "always, without exception,", "never": "never, not even once,",
    "until": "right up until", "every": "each and every", "if": "if it so happens that",
    "must": "absolutely must", "good": "good and thoroughly pleasing", "small": "small, almost tiny",
    "old": "old and time-worn", "new": "brand new, hardly used,",
}
_ELABORATIONS = (
    "It is worth dwelling on {} for a moment, since so much depends on details of this kind.",
    "A good deal more could be said about {}, and all of it would help to complete the picture.",
    "To put it more fully, the subject of {} deserves attention in its own right and not merely in passing.",
    "Anyone who pauses to consider {} will soon find that there is more to it than first meets the eye.",
    "In other words, and to leave no room for doubt, we are speaking here of {} and of nothing less.",
    "This alone, with {} at the centre of it, would be enough to fill several pages.",
    "To go into further detail, one might describe {} at length, from every side and in every light.",
)


def expand(text: str, rng: random.Random) -> str:
    """Swell common words and let a sentence that dwells on its topic follow each sentence."""
    elaborations, longer = deck(_ELABORATIONS, rng), []
    for sentence in split_sentences(text):
        subject = next(map(with_the, topics(sentence)), "all of this")
        ended = sentence if re.search(r"[.!?]\W*$", sentence) else f"{sentence}."
        longer += [replace_words(ended, _SWELLINGS), next(elaborations).format(subject)]
    return " ".join(longer)


_LITTLE = frozenset("a an the of in on at for with from by to and or but as into over".split())
_LEFT_OUT = frozenset("a an the my your his her its our their this that these those is are was were".split())
_KICKERS = ("{0}: {1}", "{1} - {0} in Focus", "{1}: The Story of {0}", "{0} in the Spotlight: {1}", "{1}", "{1}")


def headline(text: str, rng: random.Random) -> str:
    """Cut the text to one line in headline style: no articles, capitals, no full stop."""
    words = re.findall(r"[^\s\"]+", _core(split_sentences(text)[0]).rstrip("."))
    kept = [word for word in words if word.lower() not in _LEFT_OUT]
    line = " ".join(w if n and w in _LITTLE else upper_first(w) for n, w in enumerate((kept or words)[:11]))
    about = " and ".join(topic.title() for topic in topics(text)[-2:]) or "One Word"
    line = re.sub(r"(?:[,;:]| (?:Very|[a-z]+))+$", "", line) or "Untitled"
    return rng.choice(_KICKERS if line != text else _KICKERS[:4]).format(about, line)


_LABELS = ("Keywords:", "Key terms:", "Key words:", "Main keywords:", "Keyword list:", "Index terms:")


def keywords(text: str, rng: random.Random) -> str:
    """List the five to ten main words, without the sentences round them."""
    words = content_words(text)[: rng.randint(6, 10)]
    return f"{rng.choice(_LABELS)} {rng.choice((', ', ', ', '; ', ' | ')).join(words)}"


RULES = {
    rule.__name__: rule
    for rule in (
        past_tense, future_tense, first_person_plural, third_person, second_person, all_questions, shorten, expand,
        headline, keywords,
    )
}
