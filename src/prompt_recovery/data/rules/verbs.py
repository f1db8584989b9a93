"""An English sentence in, its finite verbs out with tense and subject, and verbs conjugated for another subject."""

import re
import tomllib
from collections import namedtuple
from collections.abc import Sequence
from functools import cache
from importlib import resources

from prompt_recovery.data.rules.sentences import lower_first

Verb = namedtuple("Verb", "base tense subject")  # tense: present, past, imperative; subject: the word ahead of the verb

_TOKEN = re.compile(
    r"(?:\w+?(?=n['\u2019]t\b)|n['\u2019]t\b|(?<=\w)['\u2019](?:m|re|s|ve|ll|d)\b|\w+(?:-\w+)*|\W)\s*", re.IGNORECASE
)
_QUOTES = frozenset("\"'(\u201c\u2018")
_CONTRACTED = {"'m": ("be", "present"), "'re": ("be", "present"), "'s": ("be", "present"), "'ve": ("have", "present")}
_BE = {"am": "present", "is": "present", "are": "present", "was": "past", "were": "past"}
_TENSES = frozenset(("present", "past", "imperative"))
_NO_VERB = Verb("", "", "")

PRONOUNS = frozenset("i you he she it we they".split())
MODALS = frozenset("can ca could will wo would shall should may might must cannot 'll 'd".split())
DETERMINERS = frozenset(
    "a an the my your his her its our their this that these those some any no every each both two three four five six "
    "seven eight nine ten several many few most much more another all whose".split()
)
PREPOSITIONS = frozenset(
    "in on at for with from by of into onto over under about after before between through during against across along "
    "around behind beside near off out up down without within toward towards upon beyond inside outside above below "
    "past than".split()
)
ADJECTIVES = frozenset(
    "old new young small little big large long short high low good bad best great fine hot cold warm cool dark bright "
    "fresh dry wet heavy soft hard sweet whole half own other same next last only main local green red blue deep "
    "yellow white black grey brown purple golden quiet strange empty full extra early late free careless lower upper "
    "higher larger smaller better bigger thin thick clean broad steep narrow gentle huge wide true tall tiny dense "
    "minor major loose rusty former retired proper second fellow".split()
)
CONJUNCTIONS = frozenset("and or but nor yet so".split())
SUBORDINATORS = frozenset("if when until unless while whenever because although though since as where whether".split())
_RELATIVES = frozenset("that which who this there what everyone everybody someone somebody nobody nothing".split())
_QUESTION_STARTS = frozenset(("", "what", "where", "why", "when", "how", "who"))
_PLAIN_SUBJECTS = frozenset("i you we they who people children".split())
_ADVERBS = frozenset(
    "not n't never always often also still just already soon once even only now really sometimes usually again ever "
    "quite very rather almost both all first then".split()
)
_NOT_ADVERBS = frozenset("family july italy fly reply supply rely apply assembly jelly belly lily butterfly".split())
_OPENERS = CONJUNCTIONS | frozenset("next finally please do , : meanwhile afterwards later tomorrow today".split())
_RATHER_NOUNS = frozenset(
    "last shop rain snow land house water salt cross sound light cost cause film smoke dust part park race store work "
    "state model post nest line top award vote question complete open clean dry warm cool empty clear calm level own "
    "free kind mind play hope love fear treasure concern process score rate view note tour trade comb coat".split()
)
_NO_COMMANDS = frozenset((("thank", "you"), ("let", "us"), ("let", "'s")))
_GO_BY = frozenset("sit stand pass walk live stay come go run lie drive fly".split())
_BARE_AFTER = MODALS | frozenset("to do does did let lets make makes made help helps helped".split())
_PARTICIPLE_AFTER = frozenset(
    "be been being am is are was were have has had having get gets got stay 'm 're 's 've".split()
)
_NEVER_SUBJECTS = DETERMINERS | PREPOSITIONS | ADJECTIVES | MODALS | _PARTICIPLE_AFTER | {"", "to"}


def tokens(sentence: str) -> list[str]:
    """Cut a sentence into words and marks, each with the blanks after it; `didn't` gives `did` and `n't`."""
    return _TOKEN.findall(sentence)


def plain(token: str) -> str:
    """Return the word of a token as the lexicons have it."""
    return token.strip().lower().replace("\u2019", "'")


def conjugate(base: str, tense: str, subject: str) -> str:
    """Return the form of a verb that goes with a subject, a pronoun or any other word: `be`, past, `we` give `were`."""
    singular = not is_plural(subject)
    if base == "be":
        if tense == "past":
            return "was" if singular or subject == "i" else "were"
        return "am" if subject == "i" else "is" if singular else "are"
    if tense == "past":
        return _past_forms()[base][0]
    return third_person(base) if singular else base


def is_plural(subject: str) -> bool:
    """Tell whether a subject takes the plain verb, as `I`, `you` and plurals do."""
    return subject in {"i", "you", "we", "they", "people", "children"} or bool(re.search(r"([^suia]s|men)$", subject))


def third_person(base: str) -> str:
    """Return the form that goes with `she`: `goes`, `carries`, `has`."""
    if base in {"be", "have"}:
        return {"be": "is", "have": "has"}[base]
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ies"
    return base + ("es" if re.search(r"(s|x|z|ch|sh|o)$", base) else "s")


def lowered(sentence: str) -> str:
    """Return a sentence ready to stand inside another: its first letter small unless it may begin a name."""
    first = re.match(r"\w*", sentence).group().lower()
    common = ADJECTIVES | PREPOSITIONS | DETERMINERS | SUBORDINATORS | {"people", "everything"}
    if first in common or is_verb_form(first) or re.search(r"(?<![suai])s$|ing$|ly$", first):
        return sentence[:1].lower() + sentence[1:]
    return lower_first(sentence)


def is_verb_form(word: str) -> bool:
    """Tell whether a word is a form of a known verb or helps one."""
    return word in _forms() or word in MODALS or word in _PARTICIPLE_AFTER or word.endswith("ed")


def finite_verbs(words: Sequence[str]) -> dict[int, Verb]:
    """Return the verbs that carry tense by their place in `words` (see `tokens` and `plain`), modals left out."""
    found: dict[int, Verb] = {}
    last = _NO_VERB
    for n, word in enumerate(words):
        if word in _BE or word in _CONTRACTED or word in _forms():
            before, following = word_before(words, n), "".join(words[n + 1 : n + 2])
            reading = _reading(words, n, before, following, last)
            if reading.tense in _TENSES:
                found[n] = reading
            last = last if reading == _NO_VERB else reading
        elif word in MODALS:
            last = Verb("", "bare", word_before(words, n))
    return found


def _reading(words: Sequence[str], n: int, before: str, following: str, last: Verb) -> Verb:
    """Read word `n` as a finite verb, as one without tense (bare, participle) or as no verb; `last` came ahead."""
    subject = last.subject if before in CONJUNCTIONS | {","} else before
    inverted = following in PRONOUNS - {"you", "it"} or (following in PRONOUNS and before in _QUESTION_STARTS)
    if words[n] in _BE or words[n] in _CONTRACTED:
        base, tense = _CONTRACTED.get(words[n]) or ("be", _BE[words[n]])
        possessive = words[n] == "'s" and before not in PRONOUNS | _RELATIVES
        return _NO_VERB if possessive else Verb(base, tense, following if inverted else subject)
    base, kinds = _forms()[words[n]]
    if inverted and base in {"have", "do"} and "third" not in kinds | {before}:
        return Verb(base, "past" if "past" in kinds else "present", following)
    if before in _BARE_AFTER and "base" in kinds and not _commands(words, n, following):
        return Verb(base, "bare", last.subject)
    if before in _PARTICIPLE_AFTER and kinds & {"past", "participle"}:
        return Verb(base, "participle", last.subject)
    if "base" in kinds and (tense := _tense_of_base(words, n, before, following, last)):
        return Verb(base, tense, subject)
    if "third" in kinds and _is_third(before, following, last, _is_verb_here(words, n, before)):
        return Verb(base, "present", subject)
    return Verb(base, "past", subject) if "past" in kinds and _is_past(words[n], before, following, last) else _NO_VERB


def word_before(words: Sequence[str], n: int, skipped: frozenset[str] = frozenset()) -> str:
    """Return the word ahead of word `n`, adverbs and `skipped` passed over; empty at the start."""
    for word in reversed(words[:n]):
        adverb = word in _ADVERBS or (word.endswith("ly") and word not in _NOT_ADVERBS)
        if not (adverb or word in skipped or word in _QUOTES):
            return word
    return ""


def _tense_of_base(words: Sequence[str], n: int, before: str, following: str, last: Verb) -> str:
    """Say how a plain form (`walk`, `put`) is used: present, past, imperative, or not as a finite verb (empty)."""
    if words[n] == "have" and before:
        return "present"
    if before in _PLAIN_SUBJECTS:
        helped = before in words[1:n] and words[words.index(before, 1) - 1] in _BARE_AFTER
        return "" if helped else "present"
    if _commands(words, n, following):
        return "imperative"
    if before in CONJUNCTIONS | {","}:
        return last.tense if last.tense == "imperative" or (last.tense == "present" and is_plural(last.subject)) else ""
    if before in _NEVER_SUBJECTS or not before.isalpha():
        return ""
    if _is_verb_here(words, n, before):
        return ""
    if is_plural(before):
        return "present"
    return "past" if words[n] in _past_forms()[words[n]] else ""


def _is_verb_here(words: Sequence[str], n: int, before: str) -> bool:
    """Tell whether `before`, the word ahead of word `n`, is itself a verb: not so in `the work`, `my old walks`."""
    place = max((k for k in range(n) if words[k] == before), default=0)
    noun = place == 0 or word_before(words, place) in (DETERMINERS - {"this", "that"}) | ADJECTIVES
    return (before in _forms() or before.endswith("ing")) and not noun


def _commands(words: Sequence[str], n: int, following: str) -> bool:
    """Tell whether word `n` stands where the verb of a command does: at the start, or after an opening phrase."""
    if following in _BE or following in MODALS | {"of", "or"} or (words[n], following) in _NO_COMMANDS:
        return False
    if words[n] in _RATHER_NOUNS and following not in DETERMINERS | {"it", "them"}:
        return False
    if word_before(words, n, _OPENERS) == "":
        return not PRONOUNS & set(words[:n]) and "past" not in _forms().get(following, ("", ()))[1]
    opened = words[0] in SUBORDINATORS | PREPOSITIONS | {"once", "to"} and words[n - 1] == ","
    return opened and words[:n].count(",") == 1 and following not in {",", "and"}


def _is_third(before: str, following: str, last: Verb, verb_ahead: bool) -> bool:
    """Tell whether a form in -s is a verb (`she plans`) and not a plural noun (`the plans`)."""
    if before in (_NEVER_SUBJECTS - {"this", "that"}) or following in _BE or following in MODALS:
        return False
    if before in CONJUNCTIONS | {","}:
        return before != "but" and last.tense in {"present", "bare", "participle"} and not is_plural(last.subject)
    return before.isalpha() and not re.search(r"(less|ful|ous|ive|ed)$", before) and not verb_ahead


def _is_past(word: str, before: str, following: str, last: Verb) -> bool:
    """Tell whether a past form is a verb (`she baked bread`) and not an adjective or participle (`baked bread`)."""
    base = _forms()[word][0]
    participle = word == _past_forms()[base][1]
    if participle and ((following == "by" and base not in _GO_BY) or (word == "left" and before.endswith("thing"))):
        return False
    if before in CONJUNCTIONS | {","}:
        return not participle or last.tense in {"past", "bare", ""}
    return before not in _NEVER_SUBJECTS - {"that", "this", "all", "most", "both", "many", "few", "two", "three"}


@cache
def _past_forms() -> dict[str, tuple[str, str]]:
    """Return past and participle of every verb of verbs.toml."""
    lexicon = tomllib.loads((resources.files("prompt_recovery.data.rules") / "verbs.toml").read_text(encoding="utf-8"))
    forms = {base: tuple(pair.split()) for base, pair in lexicon["irregular"].items()}
    forms |= {base: (f"{base}{base[-1]}ed",) * 2 for base in lexicon["doubling"].split()}
    return forms | {base: (_regular_past(base),) * 2 for base in lexicon["regular"].split()}


def _regular_past(base: str) -> str:
    return re.sub(r"([^aeiou])yed$", r"\1ied", base + ("d" if base.endswith("e") else "ed"))


@cache
def _forms() -> dict[str, tuple[str, frozenset[str]]]:
    """Return every form with its verb and what it may be: base, third (goes) or past (also the participle alone)."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for base, (past, participle) in _past_forms().items():
        for form, kind in ((base, "base"), (third_person(base), "third"), (past, "past")):
            kinds.setdefault(form, []).append((base, kind))
        kinds.setdefault(participle, []).append((base, "participle"))
    return {form: (pairs[0][0], frozenset(k for b, k in pairs if b == pairs[0][0])) for form, pairs in kinds.items()}
