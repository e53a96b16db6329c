"""`python -m tests.journeys.clients [PROGRAM ...]`: what real clients find at each provider, as a table, and why something failed."""

import asyncio
import sys

from tests.journeys.clients.programs import CLIENTS
from tests.journeys.clients.run import performed, table


def _main(wanted: list[str]) -> int:
    clients = [client for client in CLIENTS if not wanted or client.program in wanted]
    found = asyncio.run(performed([client for client in clients if not client.missing]))
    failed = 0
    for program, outcomes in found.items():
        if isinstance(outcomes, str):
            failed += 1
            sys.stdout.write(f"\n== {program}: {outcomes}\n")
            continue
        for (check, where), why in sorted(outcomes.items()):
            if why:
                failed += 1
                sys.stdout.write(f"\n== {program} {where} {check}\n{why.strip()}\n")
    sys.stdout.write("\n" + "\n".join(table(clients, found)) + "\n")
    return min(failed, 1)


sys.exit(_main(sys.argv[1:]))
