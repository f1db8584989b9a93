"""A text in, what it is about out: its names and nouns, its telling words."""

import re

from prompt_recovery.data.rules import verbs
from prompt_recovery.data.rules.sentences import split_sentences

_STOP_WORDS = (
    verbs.DETERMINERS | verbs.PREPOSITIONS | verbs.PRONOUNS | verbs.CONJUNCTIONS | verbs.SUBORDINATORS | verbs.MODALS
) | frozenset(
    "me him us them who which what there here not to be been being am is are was were have has had do does did one "
    "ones very too also just only never always often even still already again once then now when how why everything "
    "wait nothing something anything everyone somebody someone nobody anybody everybody mine yours enough such little "
    "lot kind sort today tomorrow yesterday myself himself herself itself ourselves themselves yourself please yes "
    "well away back ago together however perhaps else ever soon quite rather almost instead least later plenty few "
    "none rest way monday tuesday wednesday thursday friday saturday sunday morning evening afternoon night day days "
    "week month year time times first last next long mondays tuesdays wednesdays thursdays fridays saturdays sundays "
    "front case".split()
)
_NEVER_NOUNS = _STOP_WORDS - {"morning", "night"}


def topics(text: str) -> list[str]:
    """Return names and nouns (`old bridge`) in the order of the text, each one once; there may be none."""
    return list(dict.fromkeys(topic for sentence in split_sentences(text) for topic in _topics_of(sentence)))


def main_words(text: str) -> list[str]:
    """Return the topics or, if there are none, the content words: never empty."""
    return topics(text) or content_words(text)


def _topics_of(sentence: str) -> list[str]:
    tokens = verbs.tokens(sentence)
    words = [verbs.plain(token) for token in tokens]
    first = verbs.lowered(sentence)[:1].isupper() and _is_telling(words[0])
    found = [tokens[0].strip()] if first else []
    for n, word in enumerate(words[1:], 1):
        if tokens[n][0].isupper() and _is_telling(word) and words[n - 1] not in ".!?\"'":
            found.append(tokens[n].strip())
        elif words[n - 1] in verbs.DETERMINERS | verbs.PREPOSITIONS and (phrase := _noun_phrase(words[n : n + 3])):
            found.append(phrase)
    return found


def _noun_phrase(words: list[str]) -> str:
    """Return the adjectives and the noun that `words` begin with."""
    phrase: list[str] = []
    for word in words:
        if not word.isalpha() or word in _NEVER_NOUNS or word.endswith("ly"):
            break
        phrase.append(word)
        if not (word in verbs.ADJECTIVES or re.search(r"(ful|ous|ive|ish|less|ed|ing|al|ic|ent)$", word)):
            return " ".join(phrase)
    return ""


def content_words(text: str) -> list[str]:
    """Return the words that carry the meaning, in the order of the text, each one once and names as they are."""
    words = re.findall(r"[^\W_]+(?:[-'\u2019][^\W_]+)*", text)
    telling = [w for w in words if _is_telling(w.lower())] or words or ["nothing"]
    names = set(re.findall(r"(?<![.!?\"'] )(?<!^)\b[A-Z]\w+", text))
    return list(dict.fromkeys(w if w in names else verbs.lowered(w) for w in telling))


def _is_telling(word: str) -> bool:
    return len(word) > 2 and word not in _STOP_WORDS and not word.endswith("ly") and "'" not in word


def with_the(topic: str) -> str:
    """Return a topic with its article; names have none."""
    return topic if topic[:1].isupper() else f"the {topic}"
