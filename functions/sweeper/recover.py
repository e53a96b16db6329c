"""Carries out the settlements that only the log took: `python -m functions.sweeper.recover < log`. Doing it again does no harm."""

import asyncio
import os
import sys
from collections.abc import Iterable

from shared.gateway.books.carry_out import carry_out_line
from shared.gateway.books.settle import PATIENCE
from shared.gateway.books.unsettled import MESSAGE
from shared.services import Services
from shared.settings import read_settings


async def recover(services: Services, lines: Iterable[str]) -> tuple[int, int]:
    """How many were carried out, and how many lines were refused or could not be written now."""
    fates = [await carry_out_line(services, line, patience=PATIENCE) for line in lines if MESSAGE in line]
    done = fates.count("settled")
    return done, len(fates) - done


async def _main() -> int:
    services = Services(read_settings(os.environ))
    try:
        done, left = await recover(services, sys.stdin)
    finally:
        await services.close()
    print(f"{done} settled, {left} not")  # noqa: T201 - what a person at a terminal reads
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
