"""A rewritten text in, the text without the words in which a chat model announces it out."""

import re

_CALL = (
    r"(?:sure(?:\s+thing)?|certainly|absolutely|of course|okay|ok|alright|all right|definitely|gladly|understood|"
    r"no problem|got it|great|happy to help|my pleasure|with pleasure|as (?:you )?requested)"
)
_HERE = (
    r"(?:here\s*(?:['\u2019]s|is|are|goes|it is|you (?:go|are)|comes)\b|below (?:is|are|you)\b|"
    r"(?:the following|this) is\b|please find\b)"
)
# what was done to the text, as participle or noun
_MADE = (
    r"(?:re-?written|re-?worded|re-?phrased|re-?imagined|revised|refined|reworked|rewrite|rewriting|rephrasing|revision|"
    r"paraphrased?|polished|edited|corrected|modified|transformed|transformation|converted|conversion|translated|"
    r"translation|adapted|adaptation|improved|enhanced|updated|simplified|shortened|summari[sz]ed|condensed|expanded|"
    r"reframed|refactored|restructured|reformatted|proofread|restyled|adjusted|adjustments?|altered|rendition|requested|"
    r"version|output)"
)
_TEXT = (
    r"(?:text|version|passage|paragraph|corpus|sentences?|excerpt|e-?mail|letter|message|essay|story|article|poem|"
    r"response|piece|content|draft|output|copy|prompt|speech|dialogue|post|tweet|review|statement)"
)
# what "I" offer to do or have done
_DO = (
    r"(?:rewrite|rephrase|help|changes?|revise|convert|translate|turn|polish|do that|extracted|assist|refine|made|"
    r"crafted)"
)
_I_DID = (
    r"(?:i\s*(?:['\u2019](?:ve|ll|d|m)|have|will|can|would|am)\b|let me\b|allow me\b)"
    rf"(?=[^\n]*\b(?:{_MADE}|{_DO})\b)"
)
# "here's the thing" and its like belong to talk and advertising
_TALK = (
    r"(?!\s*(?:the|a|my|an|your)?\s*(?:\w+ )?(?:thing|deal|catch|problem|truth|kicker|plan|rub|point|secret|trick)s?\b)"
)
_FOR_YOU = (
    rf"(?:{_MADE}|you (?:asked for|wanted)|for you|(?:provided|given|original|your) (?:text|passage)|"
    r"(?:the|your|this) (?:[\w-]+ ){0,2}(?:text|passage|paragraph|sentence))"
)
_MARKS = r"[\s*_#>`\"\u201c~-]*"
_PAUSE = r"\s*[,.!:;\u2014\u2013-]+\s*"
_END = r"[\s*_`\"\u201d]*(?:\n|\Z)"  # nothing but marks is left on the line
_GOES_ON = r"[*_]*[ \t]+(?=\S+\s+\S)"  # the text begins on the same line

_OPENINGS = tuple(
    re.compile(_MARKS + opening, re.IGNORECASE)
    for opening in (
        # Sure, here is the dialogue:
        rf"{_CALL}(?:{_PAUSE}|\s+)(?:[^\n:]*?[,.!]\s*)?(?:{_HERE}{_TALK}|{_I_DID})[^\n]*:{_END}",
        # Sure, here's a simpler version: The fox ran.
        rf"{_CALL}(?:{_PAUSE}|\s+){_HERE}[^\n:.\"\u201c]*\b{_MADE}\b[^\n:.\"\u201c]*:{_GOES_ON}",
        # Here is the revised version:
        rf"(?:[^\n.!:\"\u201c]{{1,60}}[.!,]\s+)?(?:{_HERE}|{_I_DID})(?:(?!\b(?:said|says|asked)\b)[^\n:])*\b{_FOR_YOU}\b[^\n]*:{_END}",
        # Here is the revised version: The fox ran.
        rf"{_HERE}(?:\s+(?:an?|the|your|my))?(?:\s+[\w'\u2019-]+){{0,4}}\s+{_MADE}(?:\s+{_TEXT})?:{_GOES_ON}",
        rf"here you (?:go|are)\s*[:!.]{_END}",
        # **Rewritten text in a humorous tone:**
        rf"(?:(?:the|your|my|a)\s+)?{_MADE}\s+(?:[\w'\u2019-]+\s+){{0,2}}{_TEXT}(?:\s[^\n:.]{{0,80}})?:{_END}",
        rf"(?:(?:the|your)\s+)?(?:rewritten|rewrite|rephrased|revised|paraphrased|revision|output|response|answer):{_END}",
        # Lyrical version:, The text in a lyrical style:
        rf"(?:[\w-]+ ){{1,3}}(?:version|rewrite|rendition|rewording):{_END}",
        rf"(?:the )?(?:text|passage|paragraph) (?:{_MADE}|in|as|with)\b[^\n:]*:{_END}",
        rf"(?<=[*#_ ])(?:the |your )?{_MADE} (?:text|version|passage|paragraph|corpus|excerpt)[*_ ]*(?:\n|\Z)",
        # Revised passage: The fox ran; The corrected sentence is: "The fox ran."
        rf"(?:(?:the|your)\s+)?{_MADE}\s+{_TEXT}(?:\s+(?:is|should be|would be|reads|could be))?:{_GOES_ON}",
        # Certainly! I'd be happy to help with that.
        rf"{_CALL}{_PAUSE}i\s*(?:['\u2019](?:d|m|ll)|would|am|can|will)\s*(?:be )?"
        rf"(?:happy|glad|pleased|delighted|love|{_DO})\b[^\n.!:]*\b(?:{_DO}|do|you)\b[^\n.!:]*[.!:](?=\s)",
        # Certainly! Here is the text in a formal tone.
        rf"{_CALL}{_PAUSE}{_HERE}[^\n:]*\b{_MADE}\b[^\n:]*[.!]{_END}",
        rf"(?:certainly|of course|absolutely|sure(?: thing)?)!?{_PAUSE}\n[ \t]*\n",
    )
)
_RULE = re.compile(r"\s*[-*_=]{3,}[ \t]*\n\s*")
_HEAD = 1_000  # characters that an announcement may take; the time grows with their square
_CHAINED = 3  # "Sure! Here it is:", then "**Rewritten text:**"


def without_opening(original_text: str, rewritten_text: str) -> str:
    """Return the text after its announcement; the very text where it has none, or where the original has one too."""
    rest = rewritten_text
    for _ in range(_CHAINED):
        end = _opening_end(rest)
        if not end or _opening_end(original_text):
            break
        rest = rest[end:].lstrip()
        rest = rest[rule.end() :] if (rule := _RULE.match(rest)) else rest
    return rest


def _opening_end(text: str) -> int:
    head = text[:_HEAD]
    ends = [match.end() for opening in _OPENINGS if (match := opening.match(head))]
    return max((end for end in ends if end < _HEAD), default=0)
