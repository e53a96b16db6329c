"""What is asked once, answered whole and is no chat: embeddings, pictures, judgements. OpenAI's form is the common tongue.

A file a kind says how callers ask and hear it; how each family of providers takes it stands in the family's own folder, in a file of the same name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.chat.events import Usage
from shared.dialects.dialect import Written

Kind = Literal["embeddings", "images", "moderations", "counts"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: the caller's body as it came, checked. `model` is the provider's own name, empty where the caller left that to the provider.

    `created` is when it was asked, in Unix seconds. `drop`: what the provider cannot do is left out, in place of a refusal.
    """

    model: str
    body: Mapping[str, Any] = field(repr=False)
    created: int = 0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer in OpenAI's form, and what has to do with its price."""

    body: bytes = field(repr=False)
    usage: Usage | None = None
    """As the provider reported it; None where it did not."""
    model: str | None = None
    """The provider's own name of the model that answered."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How one family of providers takes a kind of question. The file of each is named as the kind, and offers it as `EXCHANGE`."""

    write: Callable[[Ask], Written]
    """Raises UnsupportedParameter for what these providers cannot do."""
    read: Callable[[bytes, Ask], Reply]
    """A whole 200 body → the answer. Raises BadResponse when it is none, or the ProviderError inside it."""
    takes: frozenset[str] | None = None
    """The fields that have a counterpart there; None where the body goes out as it came."""
