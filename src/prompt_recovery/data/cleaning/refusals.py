"""A rewritten text in, whether it is a chat model's refusal or question instead of a rewrite out."""

import re

_CANNOT = (
    r"(?:can\s?not|(?:can|won|don)['\u2019]t|do not|will not|won['\u2019]t be able to|could not|"
    r"(?:\s?am|['\u2019]m) (?:unable|not able) to|must decline|(?:\s?am|['\u2019]m) not comfortable|"
    r"don['\u2019]t feel comfortable|(?:\s?am|['\u2019]m) having trouble)"
)
_REWRITE = r"(?:re-?writ|re-?phras|revis|paraphras|edit\b|editing|translat|summari[sz]|transform|convert)\w*"
_DO = (
    rf"(?:{_REWRITE}|fulfil\w*|assist|comply|help(?: you)? with|generate|produce|process|complete|provide|create|"
    r"engage (?:in|with)|proceed with|respond to|access|make|do)"
)
_TEXT = r"(?:text|passage|paragraph|excerpt|prompt|input|context|essay|content|information|sentences?|document)"
_ASKED = rf"(?:{_TEXT}|requests?|task|instructions?|rewrite|version|translation|conversion|material)"
_ABOUT_INPUT = r"(?:you|your|provided|request|prompt|instructions?|input|text|mis-?understanding|mix-?up|confusion)"
_SORRY = (
    r"(?:(?:i\s*['\u2019]m|i am|we are|we['\u2019]re)?\s*(?:very |so |truly )?(?:sorry|afraid)|"
    r"(?:i|my|we)?\s*apolog(?:i[sz]e|ies|y)|unfortunately)"
)
_BUT = r"[,.]?\s*(?:for the (?:confusion|inconvenience)[,.]?\s*)?(?:but\s*)?"
_MODEL = r"(?:AI|artificial intelligence|(?:AI )?(?:large )?language model|(?:AI|virtual) assistant|chatbot)"
_REFUSALS = tuple(
    re.compile(refusal, re.IGNORECASE)
    for refusal in (
        # I am unable to rewrite this text.
        rf"\b(?:I|we)\s*{_CANNOT}\s+(?:directly |currently |have enough \w+ to |with )?{_DO}\s+(?:with\s+)?"
        rf"(?:an?|any|this|that|such|your|the)\s+(?:[\w-]+\s+){{0,3}}{_ASKED}\b",
        rf"\bI\s*{_CANNOT}\s+(?:fulfil+|assist|comply|help(?: you)?|engage)\s+"
        r"(?:with |in )?(?:this|that|your request)\b",
        rf"\bI\s*{_CANNOT}\s+(?:\w+\s+){{1,4}}(?:explicit|harmful|offensive|hateful|illegal|sexual|violent|violence)\b",
        r"\bI\s*(?:can\s?not|can['\u2019]t) (?:create|generate|make) (?:\w+ )?(?:memes?|images?|audio)\b",
        rf"\bI\s*{_CANNOT}\s+(?:write (?:that|this|such) (?:content|text|material)|understand (?:the|your) "
        r"(?:request|prompt|instructions|input))\b(?:[.,!]|\Z)",
        rf"\A\W*{_SORRY}{_BUT}I\s*{_CANNOT}\s+(?:do|generate|assist|help)(?: with)? (?:that|this)\W*\Z",
        r"\b(?:I must decline|not appropriate for me to|violates? (?:my|our|the) (?:\w+ )?(?:polic|guideline))",
        # As a large language model, I
        rf"\bas an? (?:\w+ )?{_MODEL}(?: model)?(?: (?:trained|developed|created|made) by \w+)?,? (?:I|my|it)\b",
        rf"\bI(?: am|['\u2019]m) (?:just |only |programmed to be )?an? (?:\w+ )?{_MODEL}\b",
        # I'm sorry, but the text seems to be cut off.
        rf"{_SORRY}{_BUT}(?:it (?:seems|looks|appears)|there (?:seems|appears|is|was))[^.!?\n]*\b{_ABOUT_INPUT}\b",
        rf"{_SORRY}{_BUT}(?:the|your|this)\s+(?:\w+\s+){{0,2}}{_ASKED}\s+"
        r"(?:you|provided|given|seems?|appears?|is|are|does|do|lacks?|contains?|was|has|involves)\b",
        r"\b(?:the|your) task involves\b[^.!?\n]*\b(?:output|input)\b",
        # Please give me more context, so that I can help.
        r"\b(?:provide|share|clarify|specify|paste|give)\b[^!\n]*\b(?:so|before) (?:that )?I can "
        r"(?:better |effectively )?(?:assist|help|rewrite|revise|rephrase|understand) (?:you|it|the|this)\b",
        r"\b(?:please|could you|can you)\b(?: please)? (?:provide|give|share|paste|send)(?: me)?(?: with)? "
        rf"(?:the|a|your)(?: \w+)? {_TEXT}(?! (?:of|message))\b",
        r"\b(?:please|could you|can you)\b[^.?!\n]*\b(?:provide|clarify|share|specify)\b[^.!\n]*"
        rf"\b(?:for me to {_REWRITE}|you(?:['\u2019]d| would)? (?:like|want) me to|like to have {_REWRITE})",
        rf"\bif you would like me to {_REWRITE}",
        # The context does not contain ..., therefore I cannot answer
        rf"\b(?:provided|given|your|the) {_TEXT}(?: you)?(?: have)?(?: provided| given)? "
        r"(?:does not|doesn['\u2019]t|do not) (?:contain|provide|specify|mention|include|describe|have)\b[^!?\n]*"
        rf"\b(?:i\s*(?:can\s?not|am unable to|am not able to)|therefore[^.!?\n]*\bcannot be) (?:{_DO}|answer|be)",
        # You have not given any text to rewrite.
        rf"\b(?:no|any) {_TEXT} (?:was |has been |is )?(?:provided|given|included)\b(?! (?:by|to|with|in)\b)",
        r"\byou (?:have not|haven['\u2019]t|did not|didn['\u2019]t|forgot to) "
        rf"(?:provided?|included?|pasted?|shared?|attach(?:ed)?)\b[^.!?\n]*\b{_TEXT}\b",
        r"\byou(?:['\u2019]ve| have)? (?:not |only )?(?:provided|given|pasted)\b[^.!?\n]*"
        r"\b(?:incomplete|unclear|excerpt)\b",
        rf"\b(?:no|any|short|long) (?:{_TEXT} )?(?:for me )?(?:to {_REWRITE}|in your (?:message|request|prompt))",
        rf"\b(?:enough|more) (?:information|context|details) to {_REWRITE}",
    )
)
# one of these stands in every refusal: a quick look before the slow ones
_HINT = re.compile(
    r"\bcan|n['\u2019]t\b|unable|\bnot?\b|sorry|apolog|\bAI\b|intelligence|model|chatbot|provide|please|decline|violate|"
    r"forgot|enough|for me to|would like me",
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
