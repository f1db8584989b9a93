"""A text and a random generator in, the same words out written otherwise: case, letters, order, emoji."""

import random
import re
import unicodedata

from prompt_recovery.data.rules.sentences import split_sentences, upper_first
from prompt_recovery.data.rules.verbs import lowered


def _visibly(new: str, old: str) -> str:
    """Return `new`, in quotes where it happens to equal `old`."""
    return new if new != old else f'"{new}"'


def upper_case(text: str, rng: random.Random) -> str:
    """Write everything in capitals, sometimes with `!` for the full stops."""
    loud = re.sub(r"(?<=\w)\.(?=\s|$)", rng.choice((".", ".", ".", "!")), text)
    return _visibly(loud.upper(), text)


def lower_case(text: str, rng: random.Random) -> str:
    """Write everything in small letters."""
    return _visibly(text.lower(), text)


def no_punctuation(text: str, rng: random.Random) -> str:
    """Leave out every punctuation mark; a text that has none gets its first letter changed."""
    spaced = re.sub(r"(?<=\w)[-\u2013\u2014/](?=\w)", " ", text)
    bare = " ".join("".join(sign for sign in spaced if unicodedata.category(sign)[0] != "P").split()) or text
    return bare if bare != text else re.sub(r"[^\W\d_]", lambda match: match.group().swapcase(), text, count=1)


def no_vowels(text: str, rng: random.Random) -> str:
    """Leave out the vowels; words of vowels alone vanish."""
    words = (re.sub(r"[aeiou]", "", word, flags=re.IGNORECASE) for word in text.split())
    return _visibly(" ".join(word for word in words if word) or text, text)


def pig_latin(text: str, rng: random.Random) -> str:
    """Move the first consonants of each word behind it and add `ay`; words that begin with a vowel get `way` or so."""
    vowel_tail = rng.choice(("way", "yay", "way", "ay"))
    return _visibly(re.sub(r"[A-Za-z]+(?:'[A-Za-z]+)*", lambda match: _pig_word(match.group(), vowel_tail), text), text)


def _pig_word(word: str, vowel_tail: str) -> str:
    head, tail = re.fullmatch(r"((?:[^aeiouyq']|qu|^y|q)*)(.*)", word.lower()).groups()
    new = f"{tail}{head}ay" if head else tail + vowel_tail
    if word.isupper() and len(word) > 1:
        return new.upper()
    return upper_first(new) if word[0].isupper() else new


_LEET_LETTERS = {"a": "4", "e": "3", "i": "1", "o": "0"}
_LEET_EXTRAS = ({"t": "7", "s": "5"}, {"t": "7"}, {"s": "5", "l": "1"}, {"t": "+", "s": "$"}, {"s": "z", "b": "8"})
_LEET_CRIES = ("w00t!", "pwn3d!", "1337!", "h4x0r3d!", "gg n00bz!", "0wn3d!", "l33t!")


def leetspeak(text: str, rng: random.Random) -> str:
    """Write digits and signs for letters, and a hacker's cry at the end."""
    letters = _LEET_LETTERS | rng.choice(_LEET_EXTRAS)
    table = str.maketrans(letters | {letter.upper(): sign for letter, sign in letters.items()})
    return f"{text.translate(table)} {rng.choice(_LEET_CRIES)}"


_SIGNS = {
    "🍞": "bread bakery baker loaf dough flour", "🎂": "cake birthday", "🍎": "apple apples fruit",
    "☕": "coffee cafe tea cup", "🍽️": "restaurant dinner lunch meal food dish plate kitchen table",
    "🍲": "soup pot stew broth", "🧅": "onion onions garlic", "🧈": "butter",
    "🥚": "egg eggs", "🐟": "fish", "🧀": "cheese", "🥕": "carrot carrots vegetables",
    "🍫": "chocolate", "🍯": "honey bees hives", "🔥": "fire oven heat stove boil bake hot",
    "🏠": "house home cottage flat roof", "🚪": "door gate", "🔑": "key lock",
    "📚": "book books library novel chapter school teacher", "✉️": "letter email mail message envelope",
    "📅": "monday tuesday wednesday thursday friday saturday sunday", "⏰": "clock minutes hour hours",
    "🐶": "dog puppy", "🐱": "cat kitten", "🦊": "fox", "🐦": "bird birds heron parrot",
    "🦉": "owl", "🦔": "hedgehog", "🐴": "horse donkey", "🐐": "goat",
    "🦦": "otter", "🐢": "tortoise turtle", "🦡": "badger", "🌳": "tree trees oak forest",
    "🌷": "garden flower flowers tulips", "🌱": "seed seeds plant plants", "☀️": "sun summer sunny",
    "🌧️": "rain rainy storm", "❄️": "snow winter cold ice frost", "🌬️": "wind gale",
    "🌊": "sea water river lake wave waves tide", "⛵": "boat ship harbour ferry", "🚆": "train station",
    "🚌": "bus", "🚗": "car driver road", "🚲": "bicycle bike", "☂️": "umbrella",
    "📷": "camera photo photographs", "💻": "computer laptop", "📞": "phone call called",
    "🎵": "music song sing sang piano violin concert", "🎭": "theatre stage actor actors",
    "🎨": "paint painter painting art", "⚽": "football game team match", "💰": "money price coins",
    "🌙": "moon night midnight dark", "💡": "lamp lantern light idea", "🏙️": "city town street",
    "👶": "baby child children", "👑": "king queen", "😂": "laugh laughed joke funny",
    "❤️": "love loved heart", "😊": "happy glad smile", "😢": "sad cry tears sorry",
}
_SIGN_OF = {word: sign for sign, words in _SIGNS.items() for word in words.split()}
_MOODS = ("✨", "😀", "👍", "🙌", "🎉", "👏", "🌟", "😎", "🤩")


def emoji(text: str, rng: random.Random) -> str:
    """Put the fitting emoji behind words that have one, and a mood behind every sentence."""
    moods = [rng.choice(_MOODS) * rng.choice((1, 1, 2)) for _ in split_sentences(text)]
    return " ".join(f"{_with_signs(s)} {mood}" for s, mood in zip(split_sentences(text), moods, strict=True))


def _with_signs(sentence: str) -> str:
    """Put its emoji behind the first use of each word that has one."""
    seen: set[str] = set()

    def signed(match: re.Match) -> str:
        sign = _SIGN_OF.get(match.group().lower(), "")
        fresh = sign and sign not in seen
        seen.add(sign)
        return f"{match.group()} {sign}" if fresh else match.group()

    return re.sub(r"\b[A-Za-z]+\b(?!'\w)", signed, sentence)


def title_case(text: str, rng: random.Random) -> str:
    """Begin every word with a capital; at random the little words stay small."""
    small = rng.choice((frozenset(), frozenset("a an and at but by for in of on or the to with".split())))
    words = [word if n and word in small else _capital(word) for n, word in enumerate(text.split())]
    return _visibly(" ".join(words), text)


def _capital(word: str) -> str:
    return re.sub(r"[^\W\d_]", lambda match: match.group().upper(), word, count=1)


def reversed_order(text: str, rng: random.Random) -> str:
    """Write the words of each sentence from last to first; at random the sentences too."""
    sentences = [_backwards(sentence) for sentence in split_sentences(text)]
    return _visibly(" ".join(sentences[:: rng.choice((1, -1))]), text)


def _backwards(sentence: str) -> str:
    """Reverse words and inner marks; the end mark stays last and the new first word gets the capital."""
    body, end = re.fullmatch(r"(.*?)([.!?]*)", sentence.replace('"', "")).groups()
    parts = re.findall(r"[\w'\u2019-]+|[^\w'\u2019-]+", lowered(body))
    return upper_first("".join(reversed(parts)).strip()) + end


def snake_case(text: str, rng: random.Random) -> str:
    """Join the words in small letters with underscores, all of them or sentence by sentence."""
    names = ["_".join(re.findall(r"\w+", re.sub(r"['\u2019]", "", s.lower()))) for s in split_sentences(text)]
    return _visibly(rng.choice(("_", "\n", " ", ". ")).join(names) or text, text)


RULES = {
    rule.__name__: rule
    for rule in (
        upper_case, lower_case, no_punctuation, no_vowels, pig_latin, leetspeak, emoji, title_case, reversed_order,
        snake_case,
    )
}
