"""Word lists and a text in, the text out in other words: articles and plurals that fit, contractions written out."""

import re
from collections.abc import Mapping
from functools import cache

from prompt_recovery.data.rules.sentences import replace_words


def lexicon(words: str) -> dict[str, str]:
    """Read `old=new; old=new`."""
    return dict(pair.split("=") for pair in words.split("; "))


def with_articles(pairs: Mapping[str, str]) -> dict[str, str]:
    """Add to each pair of a lexicon the pair with `a` or `an`, so that `a car` may become `an old carriage`."""
    articles = {
        f"{old_article} {old}": f"{'an' if new[0] in 'aeiou' else 'a'} {new}"
        for old, new in pairs.items()
        for old_article in ("a", "an")
    }
    return {**pairs, **articles}


def nouns(pairs: Mapping[str, str]) -> dict[str, str]:
    """Add the plural and the article to each pair of a lexicon of countable nouns."""
    return with_articles(pairs) | {_plural(old): _plural(new) for old, new in pairs.items()}


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|ch|sh)$", noun) else "s")


def reworded(sentence: str, words: str) -> str:
    """Replace the words of a lexicon (see `lexicon`) and their forms, but not in names such as `Mill Street`."""
    parts = re.split(r"(?<=\w )([A-Z][a-z]+)", sentence)
    return "".join(part if n % 2 else replace_words(part, _inflected(words)) for n, part in enumerate(parts))


@cache
def _inflected(words: str) -> dict[str, str]:
    """Return the lexicon, with `-s` (plurals, verbs) and with `a` or `an` as well."""
    return nouns(lexicon(words)) | lexicon("news=news; goods=goods; rains=rains") | lexicon(words)


_SHORT_FORMS = lexicon("can't=cannot; won't=will not; shan't=shall not; let's=let us; it's been=it has been") | {
    f"{word}'s": f"{word} is" for word in "it he she that there here what where who how".split()
}
_SHORT_ENDINGS = lexicon("n't= not; 'm= am; 're= are; 've= have; 'll= will")


def without_contractions(text: str) -> str:
    """Write out `don't`, `I'm`, `it's` and their like."""
    text = replace_words(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"), _SHORT_FORMS)
    text = re.sub(r"n't (I|you|he|she|it|we|they)\b", r" \1 not", text)
    return re.sub(r"(?<=\w)(n't|'m|'re|'ve|'ll)\b", lambda match: _SHORT_ENDINGS[match[1]], text)
