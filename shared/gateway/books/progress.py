"""How far a request has come, told from inside while it is carried, for whoever has to settle it however it ends."""

from dataclasses import dataclass, field

from shared.chat.events import ChatEvent
from shared.chat.receipt import Attempt, Done
from shared.gateway.targets.target import Target


@dataclass(slots=True)
class Progress:
    """`target`: whom we asked last; None: nobody yet. `unsaid`: what was answered and held back.

    `asked` counts the attempts as they begin; `attempts` are those that have ended.
    """

    target: Target | None = None
    asked: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    unsaid: list[ChatEvent | Done] = field(default_factory=list)

    def begin(self, target: Target) -> None:
        """It is asked, once more or for the first time."""
        self.target = target
        self.asked += 1

    def release(self) -> list[ChatEvent | Done]:
        """What was held back, which is said now."""
        said, self.unsaid = self.unsaid, []
        return said
