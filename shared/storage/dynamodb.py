"""The table on AWS: DynamoDB, asked one operation at a time.

DynamoDB deletes expired items late (days), so here they are filtered out of answers and conditions:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
Errors: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from shared.aws.operation import Ask, NoAnswer, Refused
from shared.errors import InvalidRequest, StorageUnavailable
from shared.storage.conditions import applied, canonical_change, check_condition, holds
from shared.storage.expressions import (
    Placeholders,
    attribute_values,
    condition_expression,
    item_from,
    key_values,
    update_expression,
)
from shared.storage.table import (
    Absent,
    AllOf,
    AnyOf,
    Change,
    Compare,
    Condition,
    ConditionFailed,
    Item,
    Key,
    Page,
    Value,
)
from shared.storage.values import canonical_item, check_key, check_query, check_size, expired

_LONGEST_WAITS = (0.1, 0.2)
"""Seconds before the second and the third attempt, at most: full jitter, within 300 ms."""
_MOST_TRIES = 4
"""At an item that expired and that others replace meanwhile."""
_BEYOND_A_LIMIT = ("maximum allowed size", "Number overflow", "Number underflow", "significant digits")
"""What a ValidationException says when the value is at fault, not our code."""
_RETRY_AFTER = 1.0


class _Beaten(ConditionFailed):
    """The condition did not hold of `item`, which may be expired. `after_silence`: nor was an earlier attempt answered."""

    def __init__(self, item: Item | None, *, after_silence: bool) -> None:
        super().__init__(item)
        self.after_silence = after_silence


class DynamoDBTable:
    """The port `Table` on the DynamoDB table `name`, whose keys are the strings `pk` and `sk` and whose TTL attribute is `expires_at`."""

    def __init__(
        self,
        name: str,
        ask: Ask,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._name = name
        self._ask = ask
        self._now = now
        self._sleep = sleep

    async def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        """The item, or None."""
        check_key(key)
        answer = await self._send("GetItem", {"Key": key_values(key), "ConsistentRead": consistent})
        return self._living(answer.get("Item"))

    async def put(self, item: Item, *, when: Condition | None = None) -> None:
        """Write the whole item in place of what lay there."""
        new = canonical_item(item)
        check_size(new)
        placeholders = Placeholders()
        payload = {"Item": attribute_values(new)} | _conditional(self._also_of_expired(when), placeholders)
        try:
            await self._send("PutItem", payload)
        except _Beaten as beaten:
            if beaten.after_silence and beaten.item == new:
                return  # it was our own earlier attempt that got there, and only its answer was lost
            raise ConditionFailed(self._unless_expired(beaten.item)) from beaten

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        """Carry out the change; the item as it is afterwards. Upon an expired item it begins afresh.

        When an answer was lost, the update is sent again if it has a `when` or counts nothing. A ConditionFailed may then tell of our own
        earlier attempt: let the condition name something that the change sets, and look for that in the error's item.
        """
        check_key(key)
        exact = canonical_change(change)
        if when is not None:
            check_condition(when)
        for _ in range(_MOST_TRIES):
            try:
                return await self._update_living(key, exact, when)
            except _Beaten as beaten:
                dead = beaten.item
                if dead is None or not expired(dead, self._now()):
                    raise ConditionFailed(dead) from beaten
            if when is not None and not holds(when, None):
                raise ConditionFailed(None)
            new = await self._find_replacement(key, exact, dead["expires_at"])
            if new is not None:
                return new
        raise StorageUnavailable("others keep writing this item: try again", retry_after=_RETRY_AFTER)

    async def delete(self, key: Key, *, when: Condition | None = None) -> Item | None:
        """Forget the item; what lay there."""
        check_key(key)
        payload = {"Key": key_values(key), "ReturnValues": "ALL_OLD"}
        try:
            answer = await self._send("DeleteItem", payload | _conditional(self._also_of_expired(when), Placeholders()))
        except _Beaten as beaten:
            raise ConditionFailed(self._unless_expired(beaten.item)) from beaten
        return self._living(answer.get("Attributes"))

    async def query(
        self, pk: str, *, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        """A page of the items under that pk whose sk begins with the prefix. One more than asked for is read, to know whether there is one."""
        check_query(pk, prefix, after, limit)
        payload = _query_payload(pk, prefix, newest_first=newest_first)
        if after is not None and not after.startswith(prefix):
            if (after > prefix) != newest_first:
                return Page([], None)
            after = None
        items: list[Item] = []
        last = key_values(Key(pk, after)) if after is not None else None
        while len(items) <= limit:
            start = {"ExclusiveStartKey": last} if last else {}
            answer = await self._send("Query", {**payload, **start, "Limit": limit + 1 - len(items)})
            items += [item for values in answer["Items"] if (item := self._living(values)) is not None]
            last = answer.get("LastEvaluatedKey")
            if not last:
                break
        return Page(items[:limit], str(items[limit - 1]["sk"]) if len(items) > limit else None)

    async def scrub(self, *, thoroughly: bool) -> bool:  # noqa: ARG002 - there are no files of ours
        """What AWS keeps for backups ends with those."""
        return True

    async def close(self) -> None:
        """Let go of connections."""
        await self._ask.close()

    def _living(self, values: dict[str, Any] | None) -> Item | None:
        return self._unless_expired(item_from(values) if values else None)

    def _unless_expired(self, item: Item | None) -> Item | None:
        return None if item is None or expired(item, self._now()) else item

    def _also_of_expired(self, when: Condition | None) -> Condition | None:
        """The condition, judging an expired item as if nothing lay there."""
        if when is None:
            return None
        check_condition(when)
        if holds(when, None):
            return AnyOf((when, Compare("expires_at", "<=", int(self._now()))))
        return AllOf((self._is_living(), when))

    def _is_living(self) -> Condition:
        return AnyOf((Absent("expires_at"), Compare("expires_at", ">", int(self._now()))))

    async def _update_living(self, key: Key, change: Change, when: Condition | None) -> Item:
        condition = self._is_living() if when is None else AllOf((self._is_living(), when))
        placeholders = Placeholders()
        text = update_expression(change, placeholders)
        payload = {"Key": key_values(key), "ReturnValues": "ALL_NEW"} | ({"UpdateExpression": text} if text else {})
        repeatable = when is not None or not change.increase
        answer = await self._send("UpdateItem", payload | _conditional(condition, placeholders), repeatable=repeatable)
        return item_from(answer["Attributes"])

    async def _find_replacement(self, key: Key, change: Change, dead_since: Value) -> Item | None:
        """The item that begins afresh where an expired one lies; None when another was quicker."""
        new = applied(change, None, key)
        check_size(new)
        still_dead = _conditional(Compare("expires_at", "=", dead_since), Placeholders())
        try:
            await self._send("PutItem", {"Item": attribute_values(new)} | still_dead)
        except _Beaten as beaten:
            return new if beaten.after_silence and beaten.item == new else None
        return new

    async def _send(self, operation: str, payload: dict[str, Any], *, repeatable: bool = True) -> dict[str, Any]:
        """The answer, after at most three attempts. Not `repeatable`: what may have happened is not sent again."""
        silence = False
        cause: Refused | NoAnswer | None = None
        for longest_wait in (*_LONGEST_WAITS, None):
            try:
                return await self._ask(operation, {"TableName": self._name, **payload})
            except Refused as refused:
                if not refused.may_pass:
                    raise _verdict(refused, after_silence=silence) from refused
                cause, unsure = refused, not refused.certainly_not_done
            except NoAnswer as no_answer:
                cause, unsure = no_answer, True
            silence = silence or unsure
            if longest_wait is None or (unsure and not repeatable):
                break
            await self._sleep(random.uniform(0, longest_wait))  # noqa: S311 - jitter
        raise StorageUnavailable("the table does not answer: try again", retry_after=_RETRY_AFTER) from cause


def _verdict(refused: Refused, *, after_silence: bool) -> Exception:
    """What a refusal means that no second attempt would change."""
    match refused.code:
        case "ConditionalCheckFailedException":
            return _Beaten(item_from(refused.item) if refused.item else None, after_silence=after_silence)
        case "ValidationException" if any(words in refused.message for words in _BEYOND_A_LIMIT):
            return InvalidRequest(f"the item is beyond a limit of the table: keep less in it ({refused.message})")
        case "ValidationException":
            return ValueError(refused.message)
        case _:
            return StorageUnavailable("the table is not available")


def _conditional(condition: Condition | None, placeholders: Placeholders) -> dict[str, Any]:
    """The parameters of a write, those of its update expression included."""
    if condition is None:
        return placeholders.parameters()
    return {
        "ConditionExpression": condition_expression(condition, placeholders),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **placeholders.parameters(),
    }


def _query_payload(pk: str, prefix: str, *, newest_first: bool) -> dict[str, Any]:
    """Which items, and in which order."""
    text, values = "pk = :pk", {":pk": {"S": pk}}
    if prefix:
        text, values = f"{text} AND begins_with(sk, :prefix)", {**values, ":prefix": {"S": prefix}}
    return {
        "KeyConditionExpression": text,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": not newest_first,
    }
