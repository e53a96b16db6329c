"""Dialects by name, each loaded when it is first spoken: who asks OpenAI does not wait for Gemini's code."""

from functools import cache
from importlib import import_module

from shared.dialects.dialect import Dialect


@cache
def load_dialect(name: str) -> Dialect:
    """The `DIALECT` of the folder with that name. Names come from rows, never from callers."""
    dialect: Dialect = import_module(f"shared.dialects.{name}").DIALECT
    return dialect
