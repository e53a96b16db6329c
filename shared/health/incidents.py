"""What no request's row tells of: breakers that open, limits that refuse, certificates and usage that nobody can believe, ends that the table did not take. Counted by this process, and told to CloudWatch where that listens."""

from collections import Counter
from collections.abc import Callable, Mapping

from shared.observability import Incident


class Incidents:
    """Counts since this process began. `tell` hears of each one, too."""

    def __init__(self, tell: Callable[[Incident], None] | None = None) -> None:
        self._tell = tell
        self._counts = Counter[Incident]()

    def note(self, incident: Incident) -> None:
        """One more of these."""
        self._counts[incident] += 1
        if self._tell is not None:
            self._tell(incident)

    def counted(self) -> Mapping[Incident, int]:
        """How many there were of each."""
        return dict(self._counts)
