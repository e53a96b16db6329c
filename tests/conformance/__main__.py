"""Recorded provider traffic through the gateway's own doors: `python -m tests.conformance --corpus FOLDER`.

A replay server plays the provider, the gateway runs as a user runs it, and every exchange's id is stored as the provider's key. What is
heard is compared with what the provider's own client made of the same bytes; what was sent is checked against that client's request types.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType

import httpx

from tests.conformance.corpus import ROWS, Exchange, read_corpus
from tests.conformance.drive import Asker, Outcome, ask_all
from tests.conformance.replay_server import load
from tests.conformance.report import report
from tests.conformance.through_sdks import SdkAsker, ask_in_columns
from tests.fakes.aws_lambda.environment import Function
from tests.fakes.aws_lambda.front import front_door
from tests.fakes.gateway import ROOT, running_gateway

SHARED = ROOT.parent / "shared" / "provider-traffic"
ASKERS = 8
COLUMNS = ("native", "kin", "chat", "messages", "responses")
"""Our own API; the recording's own, by its vendor's SDK, against the same SDK straight at the recording; and the others', by their SDKs."""


def main() -> int:
    """0 when every exchange is as expected, 1 when not, 2 when it could not be asked."""
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__)
    parser.add_argument(
        "--corpus", type=Path, default=SHARED, help="a folder with <provider>.jsonl and <provider>.expected.jsonl"
    )
    parser.add_argument("--only", default="", help="only the exchanges whose id begins so")
    parser.add_argument("--columns", default=",".join(COLUMNS), help="which ways to ask; all are the default")
    parser.add_argument(
        "--through",
        choices=["gateway", "lambda"],
        default="gateway",
        help="chats through the gateway on one machine, or through the chat door as Lambda runs it",
    )
    parser.add_argument("--log", type=Path, help="where to write what the gateway printed")
    arguments = parser.parse_args()
    try:
        exchanges = [one for one in read_corpus(arguments.corpus) if one.id.startswith(arguments.only)]
        replay, validator = _tool(arguments.corpus, "replay.py"), _tool(arguments.corpus, "validate_request.py")
    except FileNotFoundError as error:
        print(f"conformance: {error}", file=sys.stderr)  # noqa: T201 - what a person at a terminal reads
        return 2
    began = time.monotonic()
    wanted, on_lambda = arguments.columns.split(","), arguments.through == "lambda"
    columns, printed = asyncio.run(_drive(exchanges, replay, arguments.corpus, wanted, on_lambda=on_lambda))
    if arguments.log:
        arguments.log.write_bytes(printed)
    _validate(columns.get("native", ()), load(validator))
    print(f"{len(exchanges)} exchanges of {arguments.corpus} in {time.monotonic() - began:.0f} s")  # noqa: T201 - the same
    for line in report(columns):
        print(line)  # noqa: T201 - the same
    return 0 if all(outcome.as_expected for found in columns.values() for outcome in found) else 1


def _tool(corpus: Path, name: str) -> Path:
    """What comes with the recordings, else what lies beside this checkout."""
    for folder in (corpus, SHARED):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"there is no {name} in {corpus} nor in {SHARED}")


async def _drive(
    exchanges: list[Exchange], replay: Path, corpus: Path, wanted: list[str], *, on_lambda: bool
) -> tuple[dict[str, list[Outcome]], bytes]:
    async with AsyncExitStack() as open_:
        home = open_.enter_context(tempfile.TemporaryDirectory())
        url = await open_.enter_async_context(_replaying(replay, corpus))
        urls = {way.provider: url + way.path for way in ROWS.values()}
        settings = {"PROVIDER_URLS": json.dumps(urls), "EGRESS_ALLOW": url.removeprefix("http://")}
        gateway = await open_.enter_async_context(running_gateway(Path(home), **settings))
        chats = await open_.enter_async_context(_on_lambda(Path(home), settings)) if on_lambda else gateway.url
        clients, askers = [], []
        for number in range(ASKERS):
            client = await open_.enter_async_context(gateway.signed_in(f"asker{number}@example.com"))
            client.timeout = httpx.Timeout(120)
            clients.append(client)
            chatting = httpx.AsyncClient(base_url=chats, headers=client.headers, timeout=client.timeout)
            askers.append(Asker(client, url, await open_.enter_async_context(chatting)))
        native = await ask_all(exchanges, askers) if "native" in wanted else []
        by_sdk = await _ask_by_sdk(exchanges, clients, chats, url, [name for name in COLUMNS[1:] if name in wanted])
        return ({"native": native} if native else {}) | by_sdk, bytes(gateway.printed)


async def _ask_by_sdk(
    exchanges: list[Exchange], clients: list[httpx.AsyncClient], chats: str, url: str, wanted: list[str]
) -> dict[str, list[Outcome]]:
    """The columns that the vendors' SDKs fill; nobody else needs those SDKs."""
    if not wanted:
        return {}
    askers = [SdkAsker(client, chats, url) for client in clients]
    found = await ask_in_columns(exchanges, askers, wanted)
    for asker in askers:
        await asker.close()
    return found


@asynccontextmanager
async def _on_lambda(home: Path, settings: Mapping[str, str]) -> AsyncIterator[str]:
    """The URL of the chat door as Lambda runs it, an environment for each caller at a time; the other doors share its home."""
    named = {f"REALMULTILLM_{name}": value for name, value in {**settings, "HOME": str(home)}.items()}
    async with front_door(Function(environment=named), most=ASKERS) as front:
        yield front.url
        failed = sum("error" in environment.api.heard for environment in front.environments)
        print(f"{len(front.environments)} environments of Lambda, {failed} with an error of the function")  # noqa: T201 - what a person reads


@asynccontextmanager
async def _replaying(replay: Path, corpus: Path) -> AsyncIterator[str]:
    """The replay server; its URL."""
    command = (sys.executable, "-m", "tests.conformance.replay_server", str(replay), str(corpus))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        if not url:
            raise RuntimeError("the replay server did not start")
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _validate(outcomes: Sequence[Outcome], validator: ModuleType) -> None:
    """What went upstream must be what the provider's own client could have sent."""
    warned: set[str] = set()
    for outcome in outcomes:
        if outcome.sent is None:
            outcome.tell("[request sent] none")
            continue
        try:
            result = validator.validate(*outcome.exchange.written_for, outcome.sent)
            accepted = _reproaches(validator, outcome.exchange)
        except (LookupError, TypeError, ValueError, AttributeError) as error:  # the validator's own, over one odd body
            outcome.tell(f"[request sent] not checked: {type(error).__name__}: {error}")
            continue
        warned.update(warning for warning in result.warnings if warning.startswith("not checked"))
        if wrong := [error for error in result.errors if _bare(error) not in accepted]:
            outcome.tell(f"[request sent] {wrong[0]}")
    for warning in sorted(warned):
        print(f"request types {warning}")  # noqa: T201 - what a person at a terminal reads


def _reproaches(validator: ModuleType, exchange: Exchange) -> set[str]:
    """What the types do not know in the recorded request itself, which the provider took: its own word, not our mistake."""
    if exchange.failed or not isinstance(exchange.request, dict):
        return set()
    return {_bare(error) for error in validator.validate(*exchange.written_for, exchange.request).errors}


def _bare(error: str) -> str:
    """Without the places of messages and parts."""
    return re.sub(r"\[\d+\]", "[]", error)


if __name__ == "__main__":
    sys.exit(main())
