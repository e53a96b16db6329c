"""The chat door alone, as a Lambda would hold it, over a home that is already there. Prints its port: `python -m benchmarks.chat_door`.

With `--unadmitted` it lets everybody in and settles nothing: no limits are looked up, nothing is held, and the ledger, the counts of usage and
the log have no line of it. Nothing but a benchmark can do that.
"""

import argparse
import os
import socket
from collections.abc import Callable

import uvicorn

from functions.chat import door
from functions.chat.app import create_app
from shared.chat.request import ChatRequest
from shared.gateway.books.admit import Asked
from shared.gateway.books.admitted import Batches, Carry
from shared.gateway.books.progress import Progress
from shared.gateway.targets.course import Course
from shared.services import Services
from shared.settings import read_settings


def _unadmitted(
    services: Services,  # noqa: ARG001 - as `admitted` has it
    asked: Asked,  # noqa: ARG001 - the same
    chat: ChatRequest,  # noqa: ARG001 - the same
    course: Course,
    carry: Carry,
    *,
    tell: Callable[[dict[str, str]], None],
    ends: float | None = None,  # noqa: ARG001 - the same
) -> Batches:
    tell({})
    return carry(course, Progress())


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chat_door", description=__doc__)
    parser.add_argument("--unadmitted", action="store_true", help="without admission and ledger")
    if parser.parse_args().unadmitted:
        door.admitted = _unadmitted  # type: ignore[attr-defined]  # it is not exported: nobody else may
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads this
    app = create_app(Services(read_settings(os.environ)))
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    _main()
