"""The replay server in a process of its own: `python -m tests.conformance.replay_server <replay.py> <corpus>…`; prints its URL."""

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ASKED_AS = {
    "google": "google-vertex",
    "github": "azure",
}
"""Where we ask for a provider's recordings under another's name; the name must be known even when it has none of its own."""


def load(file: Path) -> ModuleType:
    """A module by its file's path."""
    specification = importlib.util.spec_from_file_location(file.stem, file)
    if specification is None or specification.loader is None:
        raise ImportError(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(specification)
    sys.modules[file.stem] = module
    specification.loader.exec_module(module)
    return module


async def serve(replay: Any, folders: list[str]) -> None:
    """Until the process is told to stop."""
    server = replay.Server(folders)
    known = server.corpus.by_prefix
    for name, other in ASKED_AS.items():
        if not known.get(name):
            known[name] = known.get(other) or next(iter(known.values()))
    await server.start()
    print(server.url, flush=True)  # noqa: T201 - whoever started it reads this
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(load(Path(sys.argv[1])), sys.argv[2:]))
