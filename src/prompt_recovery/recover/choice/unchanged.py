"""Two texts in, out whether nothing but white space was changed between them."""


def is_unchanged(original_text: str, rewritten_text: str) -> bool:
    """Say whether the two texts are the same words in the same order."""
    return original_text.split() == rewritten_text.split()
