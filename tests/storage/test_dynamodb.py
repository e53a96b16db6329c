"""What the DynamoDB engine does when DynamoDB does not answer as it should (faults.md, AWS table)."""

import asyncio
from typing import Any

import pytest

from shared.aws.json_service import JsonService
from shared.aws.operation import NoAnswer, Refused
from shared.errors import InvalidRequest, StorageUnavailable
from shared.storage.dynamodb import DynamoDBTable
from shared.storage.table import Absent, Change, Compare, ConditionFailed, Key, Present
from tests.fakes.aws import Aws, Faulty
from tests.storage.conftest import Clock

KEY = Key("P", "S")
THROTTLED = Refused("ThrottlingException", "slow down", status=400)
BUSY = Refused("ProvisionedThroughputExceededException", "slow down", status=400)
FAILED = Refused("InternalServerError", "oops", status=500)
SILENT = NoAnswer("dynamodb GetItem: upstream_timeout")
DENIED = Refused("AccessDeniedException", "arn:aws:iam::1:role/x may not", status=400)


class Rig:
    """A table over a transport with planned faults; waits are noted, not waited."""

    def __init__(self, name: str, ask: JsonService, clock: Clock) -> None:
        self._name, self._ask, self._clock = name, ask, clock
        self.waits: list[float] = []
        self.faulty = Faulty(ask)

    def table(self, *faults: Exception | None, lost: bool = False) -> DynamoDBTable:
        self.faulty = Faulty(self._ask, *faults, lost=lost)
        return DynamoDBTable(self._name, self.faulty, now=self._clock, sleep=self._wait)

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def rig(aws: Aws, dynamodb: JsonService, clock: Clock) -> Rig:
    return Rig(aws.create_table(), dynamodb, clock)


@pytest.mark.parametrize("fault", [THROTTLED, BUSY, FAILED, SILENT])
async def test_a_fault_that_passes_is_not_noticed(rig: Rig, fault: Exception) -> None:
    table = rig.table(fault, fault)
    await table.put({"pk": "P", "sk": "S"})

    assert rig.faulty.calls == 3
    assert await table.get(KEY) == {"pk": "P", "sk": "S"}
    assert len(rig.waits) == 2
    assert sum(rig.waits) <= 0.3


@pytest.mark.parametrize("fault", [THROTTLED, BUSY, FAILED, SILENT])
async def test_a_fault_that_stays_is_unavailable_after_three_attempts(rig: Rig, fault: Exception) -> None:
    """Fault 20. faults.md, DynamoDB throttled / 500 / timeout; trap 74: never a 401, never an open door."""
    table = rig.table(*[fault] * 12)
    for ask in (table.get(KEY), table.put({"pk": "P", "sk": "S"}), table.delete(KEY), table.query("P")):
        with pytest.raises(StorageUnavailable) as refused:
            await ask

        assert refused.value.retry_after == 1
        assert refused.value.__cause__ is fault
    assert rig.faulty.calls == 12


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ExpiredTokenException", ""])
async def test_a_refusal_is_not_sent_again_and_not_told(rig: Rig, code: str) -> None:
    table = rig.table(Refused(code, "arn:aws:iam::1:role/x may not", status=400))
    with pytest.raises(StorageUnavailable) as refused:
        await table.get(KEY)

    assert rig.faulty.calls == 1
    assert "arn" not in refused.value.message


async def test_what_counts_without_a_condition_is_not_counted_twice(rig: Rig) -> None:
    """The answer was lost, the update was not: sending it again would count again."""
    with pytest.raises(StorageUnavailable):
        await rig.table(SILENT, lost=True).update(KEY, Change(increase={"n": 1}))

    assert await rig.table().get(KEY) == {"pk": "P", "sk": "S", "n": 1}


async def test_what_was_throttled_was_not_done_and_may_be_counted(rig: Rig) -> None:
    assert await rig.table(THROTTLED).update(KEY, Change(increase={"n": 1})) == {"pk": "P", "sk": "S", "n": 1}


@pytest.mark.parametrize("fault", [FAILED, SILENT])
async def test_a_put_whose_answer_was_lost_knows_its_own_item(rig: Rig, fault: Exception) -> None:
    """Fault 23. faults.md, response lost after commit."""
    await rig.table(fault, lost=True).put({"pk": "P", "sk": "S", "by": "me"}, when=Absent("pk"))

    with pytest.raises(ConditionFailed):
        await rig.table().put({"pk": "P", "sk": "S", "by": "me"}, when=Absent("pk"))


async def test_an_update_whose_answer_was_lost_finds_its_own_mark(rig: Rig) -> None:
    """Fault 23. faults.md, response lost after commit. As admission does: `Absent(hold)`, and the hold lies in what the error shows."""
    change = Change(set={"hold_1": 5}, increase={"n": 5})
    with pytest.raises(ConditionFailed) as failed:
        await rig.table(SILENT, lost=True).update(KEY, change, when=Absent("hold_1"))

    assert failed.value.item == {"pk": "P", "sk": "S", "hold_1": 5, "n": 5}


async def test_a_size_that_dynamodb_refuses_is_the_callers(rig: Rig) -> None:
    fault = Refused("ValidationException", "Item size to update has exceeded the maximum allowed size", status=400)
    with pytest.raises(InvalidRequest):
        await rig.table(fault).update(KEY, Change(set={"a": 1}))


async def test_what_dynamodb_does_not_understand_is_ours(rig: Rig) -> None:
    with pytest.raises(ValueError, match="operand"):
        await rig.table(Refused("ValidationException", "an operand", status=400)).update(KEY, Change(set={"a": 1}))


async def test_of_many_who_find_an_expired_item_one_begins_afresh(rig: Rig, clock: Clock) -> None:
    table = rig.table()
    await table.put({"pk": "P", "sk": "S", "n": 100, "expires_at": int(clock.time)})
    await asyncio.gather(*(table.update(KEY, Change(increase={"n": 1})) for _ in range(20)))

    assert await table.get(KEY) == {"pk": "P", "sk": "S", "n": 20}


async def test_an_expired_item_that_others_keep_replacing_is_given_up(rig: Rig, clock: Clock) -> None:
    """Fault 22."""
    dead = {"pk": {"S": "P"}, "sk": {"S": "S"}, "expires_at": {"N": "1"}}
    beaten = Refused("ConditionalCheckFailedException", "", status=400, item=dead)
    with pytest.raises(StorageUnavailable):
        await rig.table(*[beaten] * 8).update(KEY, Change(increase={"n": 1}))


async def test_pages_of_dynamodb_are_put_together(clock: Clock) -> None:
    """A page of DynamoDB ends at 1 MB, or anywhere, even empty."""
    answers: list[dict[str, Any]] = [
        {"Items": [_row("a")], "LastEvaluatedKey": {"pk": {"S": "P"}, "sk": {"S": "a"}}},
        {"Items": [], "LastEvaluatedKey": {"pk": {"S": "P"}, "sk": {"S": "b"}}},
        {"Items": [_row("c"), _row("d")], "LastEvaluatedKey": {"pk": {"S": "P"}, "sk": {"S": "d"}}},
    ]
    asked: list[dict[str, Any]] = []

    class Script:
        async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
            asked.append(payload)
            return answers.pop(0)

        async def close(self) -> None:
            return

    page = await DynamoDBTable("t", Script(), now=clock).query("P", limit=2)

    assert [item["sk"] for item in page.items] == ["a", "c"]
    assert page.after == "c"
    assert [each["Limit"] for each in asked] == [3, 2, 2]
    assert [each.get("ExclusiveStartKey", {}).get("sk") for each in asked] == [None, {"S": "a"}, {"S": "b"}]


def _row(sk: str) -> dict[str, Any]:
    return {"pk": {"S": "P"}, "sk": {"S": sk}}


async def test_a_failed_condition_carries_the_item_over_the_wire(rig: Rig) -> None:
    await rig.table().put({"pk": "P", "sk": "S", "data": b"\x00x", "n": 3})
    with pytest.raises(ConditionFailed) as failed:
        await rig.table().delete(KEY, when=Compare("n", ">", 3))

    assert failed.value.item == {"pk": "P", "sk": "S", "data": b"\x00x", "n": 3}


async def test_a_condition_upon_nothing_over_the_wire(rig: Rig) -> None:
    with pytest.raises(ConditionFailed) as failed:
        await rig.table().delete(KEY, when=Present("pk"))

    assert failed.value.item is None
