"""At the end of a run, what the clients found, by client and provider."""

from _pytest.config import Config
from _pytest.terminal import TerminalReporter

from tests.journeys.clients.programs import CLIENTS
from tests.journeys.clients.run import FOUND, table


def pytest_terminal_summary(terminalreporter: TerminalReporter, exitstatus: int, config: Config) -> None:
    """Only where they ran."""
    if FOUND in config.stash:
        terminalreporter.section("clients")
        for line in table(CLIENTS, config.stash[FOUND]):
            terminalreporter.write_line(line)
