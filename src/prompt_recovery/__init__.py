"""Prompt recovery: from an original text and its rewrite to the prompt that an LLM was given."""

__version__ = "0.1.0"
