"""How far a request has come, told from inside while it is carried, for whoever has to settle it however it ends."""

from dataclasses import dataclass, field

from shared.chat.receipt import Attempt
from shared.gateway.target import Target


@dataclass(slots=True)
class Progress:
    """`target`: whom we asked last; None: nobody yet. `attempts` are those that have ended."""

    target: Target | None = None
    attempts: list[Attempt] = field(default_factory=list)
