"""The upstreams as a process: prints where they are as one line of JSON, and serves until its input ends."""

import asyncio
import json
import sys

from tests.fakes.upstreams import ANTHROPIC_KEY, GOOGLE_KEY, OPENAI_KEY, upstreams


async def _main() -> None:
    async with upstreams() as running:
        where = {
            "urls": running.urls,
            "origins": running.origins,
            "files": running.files.url(""),
            "keys": {"openai": OPENAI_KEY, "anthropic": ANTHROPIC_KEY, "google": GOOGLE_KEY},
        }
        sys.stdout.write(json.dumps(where) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(_main())
