"""How a family of providers counts the tokens of a chat that is not held. The file of each is its folder's `counts`, and offers it as `COUNTER`."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.dialects.dialect import Written


@dataclass(frozen=True, slots=True)
class Counter:
    """Made from what the dialect would write for the chat itself."""

    write: Callable[[Written, str], Written]
    """(the chat as it would be asked, the model) → the question how long it is."""
    read: Callable[[bytes], int]
    """Its answer. Raises BadResponse when it is none."""
