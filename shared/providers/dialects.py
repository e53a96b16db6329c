"""Dialects by name, each loaded when it is first spoken: who asks OpenAI does not wait for Gemini's code."""

from functools import cache
from importlib import import_module

from shared.dialects.counter import Counter
from shared.dialects.dialect import Dialect
from shared.dialects.exchanges import Exchange


@cache
def load_dialect(name: str) -> Dialect:
    """The `DIALECT` of the folder with that name. Names come from rows, never from callers."""
    dialect: Dialect = import_module(f"shared.dialects.{name}").DIALECT
    return dialect


@cache
def load_exchange(name: str, file: str) -> Exchange:
    """How that dialect takes a kind of question that is no chat."""
    exchange: Exchange = import_module(f"shared.dialects.{name}.{file}").EXCHANGE
    return exchange


@cache
def load_counter(name: str, file: str) -> Counter:
    """How that dialect counts tokens."""
    counter: Counter = import_module(f"shared.dialects.{name}.{file}").COUNTER
    return counter
