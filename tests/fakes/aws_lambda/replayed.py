"""Every sample event of a door, one after another, as Lambda brings them: by AWS's own client, or by ours for the chat door."""

import json
from pathlib import Path
from typing import Any

from tests.fakes.aws_lambda.environment import Environment, Function, running
from tests.fakes.aws_lambda.invocation import FunctionFailed
from tests.fakes.aws_lambda.samples import sample, samples

type Status = int | str
"""Of the answer; or, where the function fails, the name of its error."""


def buffered(door: str, home: Path) -> Function:
    """A door as it is deployed behind an HTTP API."""
    return Function(
        handler=f"functions.{door}.main.handler", wrapper=None, environment={"REALMULTILLM_HOME": str(home)}
    )


def streaming(home: Path, **more: str) -> Function:
    """The chat door as it is deployed behind a function URL."""
    return Function(environment={"REALMULTILLM_HOME": str(home), **more})


async def replayed(door: str, function: Function) -> dict[str, Status]:
    """Case → what came of it; the cold start comes first, and all of them to the same process."""
    found: dict[str, Status] = {}
    async with running(function) as environment:
        for case in sorted(samples(door), key=lambda name: (name != "cold-start", name)):
            found[case] = await _status(environment, sample(door, case))
    return found


async def _status(environment: Environment, event: bytes) -> Status:
    invocation = environment.invoke(event)
    try:
        answer = await invocation.whole()
    except FunctionFailed as failure:
        return failure.kind
    head: dict[str, Any] = json.loads(answer.partition(bytes(8))[0])
    status: int = head["statusCode"]
    return status
