"""What both engines of the port `Outbox` promise: a folder on one machine, a queue on AWS (moto). faults.md, settle / ledger."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from shared.aws.json_service import SQS
from shared.aws.operation import NoAnswer, Refused
from shared.errors import StorageUnavailable
from shared.storage.folder_outbox import FolderOutbox
from shared.storage.outbox import Outbox, Parcel
from shared.storage.sqs_outbox import SqsOutbox
from tests.fakes.aws import Aws, Faulty

LINE = '{"settlement": "{\\"row\\": \\"caf\\\\u00e9\\"}", "signature": "00"}'
BROKEN = Refused("InternalError", "oops", status=500)
DENIED = Refused("AccessDenied", "no", status=403)

type Open = Callable[[], Outbox]
"""The same outbox again, as another process opens it."""


@pytest.fixture(params=["folder", "queue"])
def open_(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    if request.param == "folder":
        return lambda: FolderOutbox(tmp_path / "home" / "unsettled")
    aws: Aws = request.getfixturevalue("aws")
    queue = aws.create_queue()
    return lambda: SqsOutbox(queue, aws.ask(SQS))


async def lying(outbox: Outbox) -> list[Parcel]:
    async with aclosing(outbox.batches()) as batches:
        return [parcel async for batch in batches for parcel in batch]


async def test_what_one_process_puts_another_takes_as_it_was(open_: Open) -> None:
    sender, sweeper = open_(), open_()
    before = await lying(sweeper)
    await sender.put(LINE)
    await sender.close()
    found = await lying(sweeper)
    await sweeper.close()

    assert before == []
    assert [parcel.line for parcel in found] == [LINE]


async def test_what_is_dropped_is_gone_for_everybody_and_may_be_dropped_again(open_: Open) -> None:
    sender, sweeper = open_(), open_()
    await sender.put(LINE)
    found = await lying(sweeper)
    for _ in range(2):
        await sweeper.drop(found)
    left = await lying(open_())
    await asyncio.gather(sender.close(), sweeper.close())

    assert left == []


async def test_a_pass_gives_each_of_many_once(open_: Open) -> None:
    """More than one batch of either; two carriers put at the same time."""
    outbox = open_()
    lines = [f'{{"settlement": "{number}", "signature": ""}}' for number in range(130)]
    for begin in range(0, 130, 10):
        await asyncio.gather(*(outbox.put(line) for line in lines[begin : begin + 10]))
    found = await lying(outbox)
    await outbox.close()

    assert sorted(parcel.line for parcel in found) == sorted(lines)


async def test_what_is_put_while_others_are_taken_is_not_lost(open_: Open) -> None:
    outbox = open_()
    await outbox.put(LINE)
    async with aclosing(outbox.batches()) as batches:
        taken = await anext(batches)
        await outbox.put(LINE.replace("00", "01"))
        await outbox.drop(taken)
    left = await lying(outbox)
    await outbox.close()

    assert [parcel.line for parcel in left] == [LINE.replace("00", "01")]


async def test_a_folder_shows_its_owner_alone_whole_lines_alone(tmp_path: Path) -> None:
    """A power cut leaves a part beside, which nobody acknowledged; the log has that one."""
    outbox = FolderOutbox(tmp_path / "unsettled")
    await outbox.put(LINE)
    (tmp_path / "unsettled" / "cut.7.partial").write_text(LINE[:9])
    found = await lying(outbox)
    (kept,) = (tmp_path / "unsettled").glob("*.line")

    assert [parcel.line for parcel in found] == [LINE]
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_the_same_line_twice_is_one_file(tmp_path: Path) -> None:
    outbox = FolderOutbox(tmp_path / "unsettled")
    await asyncio.gather(*(outbox.put(LINE) for _ in range(20)))

    assert len(list((tmp_path / "unsettled").iterdir())) == 1


async def test_a_folder_that_cannot_be_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "unsettled").write_text("a file")
    outbox = FolderOutbox(tmp_path / "unsettled")
    with pytest.raises(StorageUnavailable):
        await outbox.put(LINE)
    with pytest.raises(StorageUnavailable):
        await lying(outbox)


async def test_a_queue_that_falters_is_asked_twice(aws: Aws) -> None:
    """The process has two seconds left to live, so not for longer."""
    faulty = Faulty(aws.ask(SQS), BROKEN)
    outbox = SqsOutbox(aws.create_queue(), faulty)
    await outbox.put(LINE)
    faulty.plan(NoAnswer("no"), BROKEN, None)
    with pytest.raises(StorageUnavailable):
        await outbox.put(LINE)
    faulty.plan(DENIED, None)
    with pytest.raises(StorageUnavailable):
        await lying(outbox)
    calls = faulty.calls
    faulty.plan()
    found = await lying(outbox)

    assert [parcel.line for parcel in found] == [LINE]
    assert calls == 2 + 2 + 1
