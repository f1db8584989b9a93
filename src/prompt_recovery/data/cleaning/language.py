"""A triple in, whether the rewrite is in a language that neither the original nor the prompt calls for out."""

import re
import unicodedata
from functools import cache

_NAMES = (
    "afrikaans albanian amharic arabic aramaic armenian basque belarusian bengali bosnian bulgarian burmese "
    "cantonese catalan chinese croatian czech danish deutsch dutch english esperanto espanol estonian farsi "
    "filipino finnish flemish french gaelic galician georgian german germanic greek gujarati hebrew hindi "
    "hungarian icelandic indonesian irish italian japanese javanese kannada kazakh khmer korean kurdish latin "
    "latvian lithuanian macedonian malay malayalam maltese mandarin marathi mongolian nepali norwegian persian "
    "polish portuguese punjabi romanian russian sanskrit scots serbian sinhala slovak slovene slovenian somali "
    "spanish swahili swedish tagalog tamil telugu teutonic thai tibetan turkish ukrainian urdu uzbek vietnamese "
    "welsh xhosa yiddish yoruba zulu klingon elvish elven dothraki español français pidgin creole"
).split()
_ASKED = re.compile(
    rf"\b(?:{'|'.join(_NAMES)}|translat\w*|(?:another|foreign|different|other|ancient|alien|native|made-up|invented) "
    r"(?:language|tongue|alphabet)s?|(?:bi|multi)lingual|cipher|code|morse|binary|emojis?|vowels?|consonants?|leet\w*|l33t)\b",
    re.IGNORECASE,
)
# no word at all in these: links, tags, numbers, l33t
_NO_WORD = re.compile(r"https?://\S+|[@#]\w+|(?<!\w)\w*\d\w*")
# what a chat model writes; among all languages Spanish shares its confidence with Extremaduran and Aragonese
_CODES = (
    "ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu hy id is it ja ka kn ko lt lv ml mr ms nl no pa pl pt "
    "ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh"
).split()
_JUDGED = 600  # characters from the middle of the text: enough, and the time is the length's
_SHARED = 0.2  # of the rewrite's words also in the original: the same language
_MIN_LETTERS = 40  # below that the detector guesses
_CONFIDENCE = 0.9


def is_wrong_language(original_text: str, rewrite_prompt: str, rewritten_text: str) -> bool:
    """Tell whether the detector is sure of both languages and they differ, with no word of it in the prompt.

    The prompt asks for another language when it names one, speaks of translation, a foreign tongue, a cipher or vowels,
    or is itself written in the language of the rewrite. A rewrite that shares a fifth of its words with the original is
    in its language: that keeps pig latin, leetspeak and quotations of foreign names from the detector.
    """
    if _shares_words(original_text, rewritten_text) or _ASKED.search(rewrite_prompt):
        return False
    found = detect_language(rewritten_text)
    if found is None:
        return False
    return detect_language(original_text) not in (None, found) and detect_language(rewrite_prompt) != found


def detect_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language of a text, None where it is too short or the detector is not sure."""
    plain = _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text))
    start = max(0, (len(plain) - _JUDGED) // 2)
    plain = " ".join(plain[start : start + _JUDGED].split())
    if len(plain) - plain.count(" ") < _MIN_LETTERS or not any(map(str.isalpha, plain)):
        return None
    language, confidence = _identifier().classify(plain)
    return language if confidence >= _CONFIDENCE else None


@cache
def _identifier():
    from py3langid import langid  # late: it loads its model

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(_CODES)
    return identifier


def _shares_words(original_text: str, rewritten_text: str) -> bool:
    words = set(rewritten_text.lower().split())
    return bool(words) and len(words & set(original_text.lower().split())) >= _SHARED * len(words)
