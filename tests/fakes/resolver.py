"""A name server that says what it is told."""

from collections.abc import Sequence

from shared.errors import NameNotResolved


class FakeResolver:
    """Answers every question with the next of `answers`, the last one for ever. No addresses: the name does not exist."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not answer:
            raise NameNotResolved(f"The name {host} has no address; check the base URL")
        return answer
