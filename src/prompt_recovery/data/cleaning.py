"""A triple in, the reason to drop it out."""

from prompt_recovery import config


def reason_to_drop(original_text: str, rewritten_text: str, settings: config.Cleaning) -> str | None:
    """Return why a rewrite teaches nothing, or None when it is kept."""
    words, original_words = len(rewritten_text.split()), len(original_text.split())
    if not rewritten_text.strip():
        return "empty"
    if rewritten_text.strip() == original_text.strip():
        return "unchanged"
    if "\0" in rewritten_text:
        return "null_character"
    if words > settings.max_words:
        return "too_long"
    if words > settings.max_length_ratio * max(original_words, 1):
        return "length_ratio"
    return None
