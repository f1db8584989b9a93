"""A sentence in, the same sentence out in another tense, from another person's view, or as a question."""

import re
from collections.abc import Mapping, Sequence

from prompt_recovery.data.rules import verbs
from prompt_recovery.data.rules.sentences import replace_words, upper_first

_SHORT_FORMS = {"am": "'m", "is": "'s", "are": "'re", "have": "'ve", "has": "'s", "had": "'d", "will be": "'ll be"}
_NOT = frozenset(("not", "n't"))
_BETWEEN = _NOT | frozenset("never always often also still already just only now once soon really both".split())

_PAST_MODALS = {
    "can": "could", "ca": "could", "cannot": "could not", "will": "would", "wo": "would", "may": "might",
    "must": "had to", "shall": "should", "'ll": "'d",
}
_PAST_TIMES = {
    "today": "that day", "tomorrow": "the next day", "tonight": "that night", "this morning": "that morning",
    "this week": "that week", "next week": "the following week", "next month": "the following month",
    "next year": "the following year", "currently": "at that time", "these days": "in those days",
    "yesterday": "the day before", "last night": "the night before", "last week": "the week before", "ago": "earlier",
}
_FUTURE_MODALS = {"can": "be able to", "could": "be able to", "ca": "be able to", "must": "have to", "would": ""}
_FUTURE_TIMES = {
    "yesterday": "tomorrow", "last night": "tomorrow night", "this morning": "tomorrow morning", "ago": "from now",
    "currently": "soon", "recently": "soon", "these days": "in the days to come", "cannot": "can not",
} | {f"last {time}": f"next {time}" for time in "week month year spring summer autumn winter season".split()}
_CONDITIONS = frozenset("when if until unless while whenever".split())

_CASES = {
    "i": "i me my mine myself", "we": "we us our ours ourselves", "you": "you you your yours yourself",
    "he": "he him his his himself", "she": "she her her hers herself", "they": "they them their theirs themselves",
}
_CASES_OF = {word: (who, row.split().index(word)) for who, row in _CASES.items() for word in row.split()}
_NO_THINGS = verbs.PREPOSITIONS | verbs.DETERMINERS | verbs.CONJUNCTIONS | verbs.PRONOUNS | {"", "to", "not"}


def in_past(sentence: str) -> str:
    """Put verbs and time words into the past; the subject of a command is `you`."""
    parts, words, found = analysed(sentence)
    command = _first_command(found)
    for n, word in enumerate(words):
        if n in found and found[n].tense != "past":
            past = verbs.conjugate(found[n].base, "past", _number(word, found[n]))
            parts[n] = _reworded(parts[n], f"you {past}" if n == command else past)
        elif word in _PAST_MODALS and not (n and parts[n][0].isupper()) and words[n : n + 2] != ["must", "not"]:
            parts[n] = _reworded(parts[n], _PAST_MODALS[word])
    return replace_words("".join(parts), _PAST_TIMES)


def in_future(sentence: str) -> str:
    """Put verbs and time words into the future with `will`; after `if` and `when` comes the present."""
    parts, words, found = analysed(replace_words(sentence, _FUTURE_TIMES))
    promised = False
    for n, word in enumerate(words):
        if n in found and _is_condition(words, n, found):
            parts[n] = _reworded(parts[n], verbs.conjugate(found[n].base, "present", _number(word, found[n])))
        elif n in found and promised and _continues(words, n):
            parts[n] = _reworded(parts[n], found[n].base)
        elif n in found or word in _FUTURE_MODALS:
            _promise(parts, words, n, found.get(n))
            promised = True
    return "".join(parts)


def recast(sentence: str, roles: Mapping[str, str], commanded: str = "") -> str:
    """Give pronouns and their verbs to others (`{"i": "we"}`); the subject of a command is `commanded`, if any."""
    parts, words, found = analysed(sentence) if commanded else _read(sentence)
    command = _first_command(found) if commanded else -1
    for n, word in enumerate(words):
        if n == command:
            parts[n] = _reworded(parts[n], f"{commanded} {verbs.conjugate(found[n].base, 'present', commanded)}")
        elif n in found and found[n].subject in roles and found[n].tense != "imperative":
            subject = "they" if word == "were" else roles[found[n].subject]
            parts[n] = _reworded(parts[n], verbs.conjugate(found[n].base, found[n].tense, subject))
        elif word in _CASES_OF:
            who, case = _case(words, n, found)
            parts[n] = _reworded(parts[n], _CASES[roles[who]].split()[case]) if who in roles else parts[n]
    return upper_first("".join(parts)) if sentence[:1].isupper() else "".join(parts)


def question(sentence: str) -> str:
    """Turn a statement such as `It is late.` or `She bakes.` into a question; empty where that is not safe."""
    parts, words, found = _read(sentence.rstrip(".!"))
    carriers = [n for n, word in enumerate(words) if n in found or word in verbs.MODALS]
    if len(carriers) != 1 or carriers[0] == 0 or carriers[0] == len(words) - 1 or {",", ":", '"', "'"} & set(words):
        return ""
    verb, subject = found.get(carriers[0]), words[: carriers[0]]
    simple = len(subject) == 1 and subject[0] in verbs.PRONOUNS
    if not (simple or (subject[0] in verbs.DETERMINERS and len(subject) <= 3)) or words[carriers[0]][0] in "'c":
        return ""
    return _asked(parts, carriers[0], verb)


def _number(word: str, verb: verbs.Verb) -> str:
    """Return a subject of the right number for a verb: forms of `be` tell it better than the word ahead."""
    if verb.tense == "imperative" or word in {"are", "were", "'re"}:
        return "you"
    return "it" if word in {"is", "was"} and verb.subject != "i" else verb.subject


def command_place(sentence: str) -> int:
    """Return the place of the first command among the tokens of a sentence, -1 where there is none."""
    return _first_command(analysed(sentence)[2])


def analysed(sentence: str) -> tuple[list[str], list[str], dict[int, verbs.Verb]]:
    """Return the tokens of a sentence, their plain words and the finite verbs; `please` is left out."""
    polite = re.sub(r"^Please,? (.)", lambda match: match.group(1).upper(), sentence)
    return _read(polite.replace(" please ", " "))


def _read(sentence: str) -> tuple[list[str], list[str], dict[int, verbs.Verb]]:
    parts = verbs.tokens(sentence)
    words = [verbs.plain(token) for token in parts]
    return parts, words, verbs.finite_verbs(words)


def _reworded(token: str, new: str) -> str:
    """Put `new` in the place of a token: its capital, blanks and contraction (`'m`) are kept."""
    blanks = token[len(token.rstrip()) :]
    if token[0] in "'\u2019":
        return _SHORT_FORMS.get(new, new if new[:1] == "'" else f" {new}") + blanks
    return (upper_first(new) if token[0].isupper() and token.strip() != "I" else new) + blanks


def _first_command(found: Mapping[int, verbs.Verb]) -> int:
    return next((n for n, verb in found.items() if verb.tense == "imperative"), -1)


def _is_condition(words: Sequence[str], n: int, found: Mapping[int, verbs.Verb]) -> bool:
    """Tell whether the verb at `n` is the one of an `if` or `when`, which stays in the present."""
    for k in range(n - 1, -1, -1):
        joined = words[k] in {"before", "after", "once", "as"} and words[k + 1] in verbs.PRONOUNS
        if joined or words[k] in _CONDITIONS:
            return found[n].tense != "imperative"
        if words[k] == "," or k in found:
            return False
    return False


def _continues(words: Sequence[str], n: int) -> bool:
    """Tell whether the verb at `n` shares subject and `will` with the one before, as `and walked` does."""
    return verbs.word_before(words, n) in verbs.CONJUNCTIONS | {","} and "".join(words[n + 1 : n + 2]) not in _NOT


def _promise(parts: list[str], words: Sequence[str], n: int, verb: verbs.Verb | None) -> None:
    """Write `will` and the plain verb in place of the verb or modal at `n`, round `not` or a subject in a question."""
    following = "".join(words[n + 1 : n + 2])
    asks = following in verbs.PRONOUNS and (not verb or verb.subject == following)
    split = (verb is None or verb.base in {"be", "have", "do"}) and (asks or following in _BETWEEN)
    rest = verb.base if verb else _FUTURE_MODALS[words[n]]
    if words[n] == "used" and following == "to":
        rest, parts[n + 1] = "", ""
    if rest == "do" and (split or verbs.word_before(words, n) == "so"):
        rest = ""
    will = "you will" if verb and verb.tense == "imperative" else "will"
    if split:
        parts[n] = _reworded(parts[n], "wo" if following == "n't" else will)
        parts[n + 1] = f"{parts[n + 1].rstrip()} {rest}".rstrip() + parts[n + 1][len(parts[n + 1].rstrip()) :]
    elif n > 1 and words[n - 1] in _BETWEEN:
        parts[n - 1], parts[n] = f"{will} {parts[n - 1]}", _reworded(parts[n], rest)
    else:
        parts[n] = _reworded(parts[n], f"{will} {rest}".rstrip())


def _case(words: Sequence[str], n: int, found: Mapping[int, verbs.Verb]) -> tuple[str, int]:
    """Return whom a pronoun stands for and in which case: 0 subject, 1 object, 2 owner of a thing, 3 owner, 4 self."""
    who, case = _CASES_OF[words[n]]
    before = verbs.word_before(words, n)
    following = next((k for k in range(n + 1, len(words)) if verbs.word_before([words[k]], 1)), -1)
    if words[n] == "her":
        return who, 2 if following == n + 1 and words[following].isalpha() and words[following] not in _NO_THINGS else 1
    if words[n] == "you" and before not in verbs.PREPOSITIONS - {"before", "after", "than"}:
        asked = before in verbs.MODALS | {"do", "does", "did"} or (n - 1 in found and found[n - 1].subject == "you")
        return who, 0 if asked or following in found or words[following] in verbs.MODALS else 1
    return who, 1 if words[n] == "you" else case


def _asked(parts: Sequence[str], n: int, verb: verbs.Verb | None) -> str:
    """Put the helper verb at `n`, or a form of `do`, ahead of the subject."""
    following = verbs.plain("".join(parts[n + 1 : n + 2]))
    subject, rest = "".join(parts[:n]).strip(), "".join(parts[n + 1 :])
    subject = subject if subject.startswith("I") and verbs.plain(parts[0]) == "i" else subject[:1].lower() + subject[1:]
    done = verb and verb.base == "have" and verbs.is_verb_form(following)
    if verb is None or verb.base == "be" or done or (verb.base == "do" and following == "not"):
        return f"{upper_first(parts[n].strip())} {subject} {rest}?"
    return f"{upper_first(verbs.conjugate('do', verb.tense, verb.subject))} {subject} {verb.base} {rest}".rstrip() + "?"
