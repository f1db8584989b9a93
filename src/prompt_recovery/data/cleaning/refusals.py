"""A rewritten text in, whether it is a chat model's refusal or question instead of a rewrite out."""

import re

_CANNOT = r"(?:can\s?not|(?:can|won)['\u2019]t|will not|(?:\s?am|['\u2019]m) (?:unable|not able) to|could not)"
_DO = (
    r"(?:fulfil+|assist|comply|help(?: you)? with|re-?write|rephrase|revise|paraphrase|generate|create|produce|process|"
    r"translate|complete|provide|edit|convert|transform|engage (?:in|with)|perform|write|understand|summari[sz]e|"
    r"continue with|proceed with|respond to|offer|access)"
)
_ASKED = (
    r"(?:request|prompt|content|text|passage|paragraph|essay|task|instructions?|rewrite|version|material|memes?|language|"
    r"information|response|input|story|document|sentence|poem|translation)"
)
_SORRY = (
    r"(?:(?:i\s*['\u2019]m|i am|we are|we['\u2019]re)?\s*(?:very |so |truly )?sorry|"
    r"(?:i|my|we)?\s*apolog(?:i[sz]e|ies|y)|unfortunately)"
)
_HARM = r"(?:explicit|harmful|offensive|hateful|illegal|sexual|violent|inappropriate|copyrighted)"
_TEXT = r"(?:text|context|passage|prompt|information|excerpt)"
_MODEL = r"(?:AI|artificial intelligence|(?:AI )?(?:large )?language model|AI assistant|virtual assistant|chatbot)"
_REFUSALS = tuple(
    re.compile(refusal, re.IGNORECASE)
    for refusal in (
        # I am unable to rewrite this text.
        rf"\bI\s*{_CANNOT}\s+(?:directly |currently )?{_DO}\b[^.!?\n]*"
        rf"\b(?:(?:this|that|such|your|the)\s+(?:\w+\s+)?{_ASKED}|{_HARM}\b|memes?\b|(?:with )?(?:that|this)[.,])",
        # As a large language model, I
        rf"\bas an? (?:\w+ )?{_MODEL}(?: model)?,? (?:I|my|it)\b",
        rf"\bI(?: am|['\u2019]m) (?:just |only )?an? (?:\w+ )?{_MODEL}\b",
        # I'm sorry, but the text seems to be cut off.
        rf"{_SORRY}[,.]?\s*(?:but\s*)?(?:for the (?:confusion|inconvenience)[,.]?\s*)?(?:but\s*)?"
        rf"(?:it (?:seems|looks|appears)|there (?:seems|appears|is|was)|the (?:\w+\s+){{0,2}}{_ASKED})\b",
        # I'm sorry, I can't do that. If you have another request
        rf"{_SORRY}[^.!?\n]*\bI\s*(?:{_CANNOT}|['\u2019]m having trouble)[^.!?\n]*"
        rf"\b(?:{_ASKED}|that|this)\b[^.!?\n]*[.!?]\s*(?:please|could you|can you|if you|however|let me|\Z)",
        # Please give me more context, so that I can help.
        r"\b(?:so|before) (?:that )?I can (?:better )?"
        r"(?:assist|help|rewrite|revise|understand|rephrase|proceed|complete|provide)\b",
        r"\b(?:please|could you|can you)\b[^.?!\n]*\b(?:provide|clarify|share|paste|specify)\b[^.?!\n]*"
        r"\b(?:you(?:['\u2019]d| would) like me to|for me to (?:rewrite|revise|edit)|want me to|to (?:be )?rewrit)",
        # The context does not contain ..., therefore I cannot
        rf"\b{_TEXT}\b(?: you)?(?: provided| given)?[^.!?\n]*\b(?:does not|doesn['\u2019]t|do not) "
        r"(?:contain|provide|specify|mention|include|describe|have)\b[^!?\n]*"
        rf"\b(?:i\s*{_CANNOT}|(?:therefore|so|hence|and),?[^.!?\n]*\bcannot\b)",
        r"\b(?:no|any) (?:text|passage|content|paragraph) (?:was|has been|is) (?:provided|given|included)\b",
        r"\byou(?:['\u2019]ve| have)? (?:not |only )?(?:provided|given|shared|pasted|sent)\b[^.!?\n]*"
        r"\b(?:incomplete|unclear|excerpt|no text)\b",
    )
)
# one of these stands in every refusal: a quick look before the slow ones
_HINT = re.compile(
    r"\bcan|n['\u2019]t\b|unable|\bnot\b|sorry|apolog|unfortunately|\bAI\b|intelligence|model|chatbot|provided|please",
    re.IGNORECASE,
)
# an original that itself excuses: its rewrite may do so in other words
_EXCUSE = re.compile(
    rf"\b(?:I|we)\s*{_CANNOT}\s+(?:\w+ )?{_DO}\b|sorry|apolog|language model|\bas an AI\b", re.IGNORECASE
)
_HEAD = 400  # characters: a refusal comes at once


def is_refusal(original_text: str, rewritten_text: str) -> bool:
    """Tell whether the head of the text refuses or asks back, and the original has nothing of the kind."""
    head = rewritten_text[:_HEAD]
    if not _HINT.search(head):
        return False
    return any(refusal.search(head) for refusal in _REFUSALS) and not _EXCUSE.search(original_text)
