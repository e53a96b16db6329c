"""The chat door alone, as a Lambda would hold it, over a home that is already there. Prints its port: `python -m benchmarks.chat_door`."""

import os
import socket

import uvicorn

from functions.chat.app import create_app
from shared.services import Services
from shared.settings import read_settings


def _main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads this
    app = create_app(Services(read_settings(os.environ)))
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    _main()
