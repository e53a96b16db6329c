"""What every table promises, whichever engine carries it: SQLite, DynamoDB (moto, in process), and the fake of the other rooms' tests."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.storage.dynamodb import DynamoDBTable
from shared.storage.table import (
    Absent,
    AllOf,
    AnyOf,
    Between,
    Change,
    Compare,
    Condition,
    ConditionFailed,
    Item,
    Key,
    Present,
    Table,
    Value,
)
from tests.fakes.table import MemoryTable
from tests.storage.conftest import Clock

KEY = Key("OWNER#ada", "CONFIG#openai")
PROPERTY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
_fresh = count()


def item(**attributes: Value) -> Item:
    return {"pk": KEY.pk, "sk": KEY.sk, **attributes}


async def test_what_was_put_is_there_again(table: Table) -> None:
    await table.put(item(name="Ada"))

    assert await table.get(KEY) == item(name="Ada")
    assert await table.get(KEY, consistent=True) == item(name="Ada")
    assert await table.get(Key(KEY.pk, "elsewhere")) is None


async def test_a_put_replaces_the_whole_item(table: Table) -> None:
    await table.put(item(first=1, kept="no"))
    await table.put(item(second=2))

    assert await table.get(KEY) == item(second=2)


async def test_what_is_given_back_is_a_copy(table: Table) -> None:
    models = ["a"]
    await table.put(item(models=models))
    models.append("b")
    found: Any = await table.get(KEY)
    found["models"].append("c")

    assert await table.get(KEY) == item(models=["a"])


async def test_of_200_at_once_exactly_50_are_admitted(table: Table) -> None:
    """Threat I8: one conditional write decides."""
    below_50 = AnyOf((Absent("n"), Compare("n", "<", 50)))

    async def admitted() -> bool:
        try:
            await table.update(KEY, Change(increase={"n": 1}), when=below_50)
        except ConditionFailed:
            return False
        return True

    answers = await asyncio.gather(*(admitted() for _ in range(200)))

    assert sum(answers) == 50
    assert await table.get(KEY) == item(n=50)


async def test_of_200_at_once_one_is_the_first(table: Table) -> None:
    async def first(me: int) -> int | None:
        try:
            await table.put(item(winner=me), when=Absent("pk"))
        except ConditionFailed:
            return None
        return me

    winners = [me for me in await asyncio.gather(*map(first, range(200))) if me is not None]

    assert await table.get(KEY) == item(winner=winners[0])
    assert len(winners) == 1


def _moto_errs(table: Table, why: str) -> None:
    """DynamoDB's documentation is the judge; where moto departs from it, SQLite and the model alone are tried."""
    if isinstance(table, DynamoDBTable):
        pytest.skip(f"moto 5.2 {why}")


FULL: dict[str, Value] = {
    "n": 5,
    "d": Decimal("5.5"),
    "text": "m",
    "data": b"m",
    "yes": True,
    "nothing": None,
    "names": frozenset({"a", "b"}),
    "list": [1, "x"],
    "map": {"a": 1},
}


MOTO_ERRS: list[Condition] = [
    Compare("n", "<", "6"),
    Compare("yes", "=", 1),
    Compare("nothing", "=", None),
    Compare("list", "=", (True, "x")),
]


@pytest.mark.parametrize(
    ("condition", "of_the_item", "of_nothing"),
    [
        (Absent("pk"), False, True),
        (Present("pk"), True, False),
        (Absent("other"), True, True),
        (Present("other"), False, False),
        (Present("nothing"), True, False),
        (Compare("n", "=", 5), True, False),
        (Compare("n", "=", Decimal("5.0")), True, False),
        (Compare("n", "=", "5"), False, False),
        (Compare("n", "<>", 5), False, True),
        (Compare("n", "<>", 6), True, True),
        (Compare("n", "<>", "5"), True, True),
        (Compare("other", "<>", 5), True, True),
        (Compare("other", "=", 5), False, False),
        (Compare("n", "<", 6), True, False),
        (Compare("n", "<", 5), False, False),
        (Compare("n", "<=", 5), True, False),
        (Compare("n", ">", Decimal("4.9")), True, False),
        (Compare("n", ">=", 6), False, False),
        (Compare("n", "<", "6"), False, False),
        (Compare("other", "<", 6), False, False),
        (Compare("d", ">", 5), True, False),
        (Compare("text", "<", "n"), True, False),
        (Compare("text", "<", "é"), True, False),
        (Compare("data", ">=", b"m"), True, False),
        (Compare("yes", "=", value=True), True, False),
        (Compare("yes", "=", 1), False, False),
        (Compare("nothing", "=", None), True, False),
        (Compare("names", "=", frozenset({"b", "a"})), True, False),
        (Compare("names", "=", frozenset({"b"})), False, False),
        (Compare("list", "=", (1, "x")), True, False),
        (Compare("list", "=", (True, "x")), False, False),
        (Compare("map", "=", {"a": 1}), True, False),
        (Compare("map", "=", {"a": 2}), False, False),
        (Between("n", 5, 6), True, False),
        (Between("n", 4, 5), True, False),
        (Between("n", 6, 7), False, False),
        (Between("n", 6, 4), False, False),
        (Between("other", 4, 6), False, False),
        (AllOf((Present("n"), Compare("text", "=", "m"))), True, False),
        (AllOf((Present("n"), Compare("text", "=", "x"))), False, False),
        (AnyOf((Absent("n"), Compare("n", "<", 9))), True, True),
        (AnyOf((Absent("n"), Compare("n", "<", 1))), False, True),
        (AllOf((AnyOf((Absent("n"), Present("n"))), Absent("other"))), True, True),
        (AllOf(()), True, True),
        (AnyOf(()), False, False),
    ],
)
async def test_conditions_mean_the_same_everywhere(
    table: Table,
    condition: Condition,
    of_the_item: bool,  # noqa: FBT001 - rows of the table above
    of_nothing: bool,  # noqa: FBT001 - the same
) -> None:
    if condition in MOTO_ERRS:
        _moto_errs(table, "cannot order values of different types, takes true for 1 and null for what is absent")
    await table.put(item(**FULL))
    nowhere = Key(KEY.pk, "nowhere")

    assert await _lets_update(table, KEY, condition) is of_the_item
    assert await _lets_delete(table, KEY, condition) is of_the_item
    assert await _lets_update(table, nowhere, condition) is of_nothing


async def _lets_update(table: Table, key: Key, condition: Condition) -> bool:
    try:
        await table.update(key, Change(set={"touched": True}), when=condition)
    except ConditionFailed:
        return False
    return True


async def _lets_delete(table: Table, key: Key, condition: Condition) -> bool:
    try:
        await table.delete(key, when=condition)
    except ConditionFailed:
        return False
    return True


@pytest.mark.parametrize(
    "condition",
    [Compare("n", "!=", 1), Compare("n", "<", value=True), Compare("n", ">", None), Between("n", [1], [2])],
)
async def test_a_condition_that_compares_nothing_is_our_mistake(table: Table, condition: Condition) -> None:
    with pytest.raises(ValueError, match="n"):
        await table.put(item(n=1), when=AllOf((Absent("pk"), condition)))


async def test_a_failed_condition_shows_what_lay_there(table: Table) -> None:
    await table.put(item(n=1))

    for write in (
        table.put(item(n=2), when=Absent("pk")),
        table.update(KEY, Change(set={"n": 2}), when=Absent("pk")),
        table.delete(KEY, when=Absent("pk")),
    ):
        with pytest.raises(ConditionFailed) as failed:
            await write
        assert failed.value.item == item(n=1)
    assert await table.get(KEY) == item(n=1)


async def test_a_failed_condition_upon_nothing_shows_nothing(table: Table) -> None:
    with pytest.raises(ConditionFailed) as failed:
        await table.update(KEY, Change(set={"n": 2}), when=Present("pk"))

    assert failed.value.item is None
    assert await table.get(KEY) is None


async def test_an_update_creates_the_item(table: Table) -> None:
    after = await table.update(KEY, Change(set={"a": 1}, increase={"n": 2}, include={"names": frozenset({"x"})}))

    assert after == item(a=1, n=2, names=frozenset({"x"}))
    assert await table.get(KEY) == after


async def test_an_update_without_a_change_creates_the_bare_item(table: Table) -> None:
    _moto_errs(table, "does not know an UpdateItem without an expression")

    assert await table.update(KEY, Change()) == item()
    assert await table.get(KEY) == item()


async def test_each_verb_of_a_change_does_its_part_and_leaves_the_rest(table: Table) -> None:
    await table.put(item(a=1, n=5, names=frozenset({"x", "y"}), others=frozenset({"x", "y"}), gone="soon", rest=True))
    after = await table.update(
        KEY,
        Change(
            set={"a": {"deep": [1]}},
            increase={"n": Decimal("-0.5")},
            include={"names": frozenset({"y", "z"})},
            exclude={"others": frozenset({"y", "never"})},
            remove=["gone", "never"],
        ),
    )

    assert after == item(
        a={"deep": [1]}, n=Decimal("4.5"), names=frozenset({"x", "y", "z"}), others=frozenset({"x"}), rest=True
    )
    assert await table.get(KEY) == after


async def test_a_set_without_members_is_no_attribute(table: Table) -> None:
    await table.put(item(names=frozenset({"x"})))
    after = await table.update(KEY, Change(exclude={"names": frozenset({"x"}), "never": frozenset({"y"})}))

    assert after == item()


async def test_including_and_excluding_nobody_changes_nothing(table: Table) -> None:
    change = Change(set={"n": 1}, include={"a": frozenset()}, exclude={"b": frozenset()})

    assert await table.update(KEY, change) == item(n=1)


@pytest.mark.parametrize(
    "change",
    [
        Change(increase={"text": 1}),
        Change(include={"n": frozenset({"x"})}),
        Change(exclude={"text": frozenset({"x"})}),
        Change(set={"n": 1}, increase={"n": 1}),
        Change(set={"n": 1}, remove=["n"]),
        Change(set={"pk": "other"}),
        Change(remove=["sk"]),
        Change(increase={"expires_at": 5}),
    ],
)
async def test_a_change_that_does_not_fit_is_our_mistake_and_does_nothing(table: Table, change: Change) -> None:
    await table.put(item(text="a", n=1))
    with pytest.raises(ValueError):
        await table.update(KEY, change)

    assert await table.get(KEY) == item(text="a", n=1)


async def test_names_that_dynamodb_reserves_are_names_like_any_other(table: Table) -> None:
    reserved: dict[str, Value] = {"name": "a", "status": "b", "size": 1, "a.b": 2, "a b": 3, "#x": 4, ":y": 5}
    await table.put(item(**reserved))
    after = await table.update(KEY, Change(increase={"size": 1, "a.b": 1}), when=Compare("status", "=", "b"))

    assert after == item(**{**reserved, "size": 2, "a.b": 3})


async def test_delete_gives_back_what_lay_there(table: Table) -> None:
    await table.put(item(n=1))

    assert await table.delete(KEY) == item(n=1)
    assert await table.delete(KEY) is None
    assert await table.get(KEY) is None


async def test_pages_go_on_where_the_last_one_ended(table: Table) -> None:
    names = [f"REQUEST#{number:03}" for number in range(25)]
    for sk in reversed(names):
        await table.put({"pk": "P", "sk": sk})
    await table.put({"pk": "P", "sk": "REQUESU"})
    await table.put({"pk": "P", "sk": "REQUES"})
    await table.put({"pk": "Q", "sk": "REQUEST#1"})

    assert await _pages(table, 10) == [names[:10], names[10:20], names[20:]]
    assert await _pages(table, 10, newest_first=True) == [names[:14:-1], names[14:4:-1], names[4::-1]]
    assert await _pages(table, 25) == [names]
    assert (await table.query("P")).items[0]["sk"] == "REQUES"
    assert len((await table.query("P")).items) == 27


async def _pages(table: Table, limit: int, *, newest_first: bool = False) -> list[list[Value]]:
    pages, after = [], None
    while True:
        page = await table.query("P", prefix="REQUEST#", after=after, limit=limit, newest_first=newest_first)
        pages.append([each["sk"] for each in page.items])
        after = page.after
        if after is None:
            return pages


@pytest.mark.parametrize(
    ("after", "newest_first", "found"),
    [("A", False, 2), ("Z", False, 0), ("A", True, 0), ("Z", True, 2), ("M#1", False, 1), ("M#1x", False, 1)],
)
async def test_a_page_may_begin_outside_of_the_prefix(
    table: Table,
    after: str,
    newest_first: bool,  # noqa: FBT001 - a row of the table above
    found: int,
) -> None:
    for sk in ("M#1", "M#2", "A", "Z"):
        await table.put({"pk": "P", "sk": sk})

    assert len((await table.query("P", prefix="M#", after=after, newest_first=newest_first)).items) == found


async def test_a_query_of_nothing_is_an_empty_page(table: Table) -> None:
    page = await table.query("nobody", prefix="x")

    assert (page.items, page.after) == ([], None)


async def test_a_page_of_nothing_is_our_mistake(table: Table) -> None:
    with pytest.raises(ValueError, match="limit"):
        await table.query("P", limit=0)


async def test_a_page_may_hold_more_than_a_megabyte(table: Table) -> None:
    for number in range(9):
        await table.put({"pk": "P", "sk": f"{number}", "body": "x" * 300_000})

    assert [each["sk"] for each in (await table.query("P", limit=8)).items] == list("01234567")
    assert [each["sk"] for each in (await table.query("P", newest_first=True)).items] == list("876543210")
    assert (await table.query("P", limit=9)).after is None
    assert (await table.query("P", limit=8)).after == "7"


async def test_an_expired_item_is_as_good_as_gone(table: Table, clock: Clock) -> None:
    await table.put(item(n=7, expires_at=int(clock.time) + 10))
    await table.put({"pk": KEY.pk, "sk": "Z"})
    clock.time += 9.5
    assert await table.get(KEY) is not None
    clock.time += 1

    assert await table.get(KEY) is None
    assert [each["sk"] for each in (await table.query(KEY.pk)).items] == ["Z"]
    with pytest.raises(ConditionFailed) as failed:
        await table.update(KEY, Change(increase={"n": 1}), when=Present("n"))
    assert failed.value.item is None
    with pytest.raises(ConditionFailed) as failed:
        await table.put(item(), when=Compare("n", "=", 7))
    assert failed.value.item is None
    assert await table.update(KEY, Change(increase={"n": 1}), when=Absent("pk")) == item(n=1)
    assert await table.get(KEY) == item(n=1)


@pytest.mark.parametrize("when", [None, Absent("pk"), Compare("n", "<>", 7)])
async def test_whatever_is_written_over_an_expired_item_begins_afresh(
    table: Table, clock: Clock, when: Condition | None
) -> None:
    for sk in ("put", "update", "delete"):
        await table.put({"pk": "P", "sk": sk, "n": 7, "old": True, "expires_at": int(clock.time)})

    await table.put({"pk": "P", "sk": "put", "n": 1}, when=when)
    assert await table.get(Key("P", "put")) == {"pk": "P", "sk": "put", "n": 1}
    assert await table.update(Key("P", "update"), Change(increase={"n": 1}), when=when) == {
        "pk": "P",
        "sk": "update",
        "n": 1,
    }
    assert await table.delete(Key("P", "delete"), when=when) is None


async def test_expired_items_do_not_shorten_a_page(table: Table, clock: Clock) -> None:
    for number in range(12):
        expiry: Mapping[str, Value] = {"expires_at": int(clock.time)} if number % 3 else {}
        await table.put({"pk": "P", "sk": f"{number:02}", **expiry})
    page = await table.query("P", limit=3)

    assert ([each["sk"] for each in page.items], page.after) == (["00", "03", "06"], "06")
    assert (await table.query("P", after="06", limit=1)).after is None


async def test_an_item_of_399_kb_is_kept_and_one_of_401_is_refused(table: Table) -> None:
    """moto's limit is 405,000 bytes, so there it is 395."""
    most = 395 if isinstance(table, DynamoDBTable) else 399
    await table.put(item(body="x" * (most * 1024)))

    with pytest.raises(InvalidRequest):
        await table.put(item(body="x" * (401 * 1024)))
    with pytest.raises(InvalidRequest):
        await table.update(KEY, Change(set={"more": "x" * 20_000}))
    assert await table.get(KEY) == item(body="x" * (most * 1024))


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        frozenset(),
        frozenset({"\udfff"}),
        {"a": "\ud800"},
        {"\ud800": 1},
        10**38 + 1,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+126"),
        Decimal("1E-131"),
        Decimal("0." + "1" * 39),
    ],
)
async def test_a_value_beyond_dynamodbs_limits_is_refused_by_all(table: Table, value: Value) -> None:
    """Threat H6: half characters end here, and not in an encoder."""
    with pytest.raises(InvalidRequest):
        await table.put(item(value=value))
    with pytest.raises(InvalidRequest):
        await table.update(KEY, Change(set={"value": value}))


async def test_a_sum_beyond_38_digits_is_refused(table: Table) -> None:
    _moto_errs(table, "counts on without bounds")
    await table.put(item(n=10**38 - 1))
    with pytest.raises(InvalidRequest):
        await table.update(KEY, Change(increase={"n": Decimal("0.5")}))

    assert await table.get(KEY) == item(n=10**38 - 1)


async def test_nesting_ends_at_32_levels(table: Table) -> None:
    deep: Value = "leaf"
    for _ in range(32):
        deep = [deep]
    await table.put(item(deep=deep))

    with pytest.raises(InvalidRequest, match="deep"):
        await table.put(item(deep=[deep]))


@pytest.mark.parametrize("value", [1.5, {"a": 0.1}, [object()], frozenset({1}), {1: 2}])
async def test_a_type_that_is_not_kept_is_our_mistake(table: Table, value: Any) -> None:
    with pytest.raises(TypeError):
        await table.put(item(value=value))


@pytest.mark.parametrize("expires_at", ["soon", Decimal("1.5"), -1, True, None])
async def test_expiry_is_whole_seconds(table: Table, expires_at: Value) -> None:
    with pytest.raises(TypeError, match="seconds"):
        await table.put(item(expires_at=expires_at))


@pytest.mark.parametrize("key", [Key("", "a"), Key("a", ""), Key("a" * 2049, "a"), Key("a", "é" * 513)])
async def test_a_key_must_fit(table: Table, key: Key) -> None:
    with pytest.raises(InvalidRequest):
        await table.get(key)
    with pytest.raises(InvalidRequest):
        await table.put({"pk": key.pk, "sk": key.sk})


@pytest.mark.parametrize(
    "text", ["é", "漢字", "👩‍👩‍👧", "\0", "\u2028", "a\r\nb", "%23", "\U0010ffff", "ﷺ", "' OR 1=1 --"]
)
async def test_any_character_may_stand_anywhere(table: Table, text: str) -> None:
    """Threat H6."""
    await table.put({"pk": text, "sk": text, text: text, "set": frozenset({text}), "map": {text: text}})
    await table.put({"pk": text, "sk": f"{text}{text}"})

    assert await table.get(Key(text, text)) == {
        "pk": text,
        "sk": text,
        text: text,
        "set": frozenset({text}),
        "map": {text: text},
    }
    assert [each["sk"] for each in (await table.query(text, prefix=text)).items] == [text, text + text]


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_decimals = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(-(10**12), 10**12), st.integers(-30, 30)
)
_numbers = st.one_of(st.integers(-(10**38) + 1, 10**38 - 1), _decimals)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    _numbers,
    _texts,
    st.binary(max_size=8),
    st.frozensets(_texts, min_size=1, max_size=3),
)
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abé.", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def _types(value: Any) -> Any:
    """Equality in Python overlooks what is what: True == 1."""
    match value:
        case list():
            return [_types(member) for member in value]
        case dict():
            return {name: _types(member) for name, member in value.items()}
        case _:
            return type(value)


@PROPERTY
@given(attributes=st.dictionaries(st.text("abcé", min_size=1, max_size=3), _values, max_size=4))
async def test_every_value_comes_back_exactly(table: Table, attributes: dict[str, Any]) -> None:
    written = item(**attributes)
    await table.put(written)
    found: Any = await table.get(KEY)
    expected = {
        name: int(value) if isinstance(value, Decimal) and value == int(value) else value
        for name, value in written.items()
    }

    assert found == written
    assert all(_types(found[name]) == _types(expected[name]) for name in attributes if isinstance(found[name], int))
    await table.put(found)
    assert await table.get(KEY) == found
    assert _types(await table.get(KEY)) == _types(found)


_expiries = st.sampled_from([0, 5, 50])
_members = st.frozensets(st.sampled_from("xyz"), min_size=1)
_by = st.integers(-3, 3) | st.just(Decimal("0.5"))
_text = st.sampled_from(["", "a", "b"])


@dataclass(frozen=True)
class Steps:
    """What may happen to a table. `fitting`: each attribute keeps to one type, for moto does not get by with more."""

    fitting: bool

    def values(self, name: str) -> st.SearchStrategy[Any]:
        if self.fitting:
            return {"n": _by, "s": _text, "t": _members}[name]
        return st.one_of(_by, _text, _members, st.booleans(), st.none(), st.lists(_by, max_size=1))

    def changes(self) -> st.SearchStrategy[Change]:
        everything = [("set", "nst"), ("increase", "nst"), ("include", "nst"), ("exclude", "nst"), ("remove", "nst")]
        fitting = [("set", "nst"), ("increase", "n"), ("include", "t"), ("exclude", "t"), ("remove", "nst")]
        verbs = fitting if self.fitting else everything
        part = st.sampled_from([(verb, name) for verb, names in verbs for name in names])
        parts = st.lists(part, min_size=1, max_size=3, unique_by=lambda each: each[1])
        return parts.flatmap(self._change)

    def _change(self, parts: list[tuple[str, str]]) -> st.SearchStrategy[Change]:
        of = {verb: [name for chosen, name in parts if chosen == verb] for verb, _ in parts}
        plain = st.fixed_dictionaries({name: self.values(name) for name in of.get("set", [])})
        mortal = st.builds(lambda values, expiry: {**values, "expires_at": expiry}, plain, _expiries)
        return st.builds(
            Change,
            set=plain | mortal,
            increase=st.fixed_dictionaries(dict.fromkeys(of.get("increase", []), _by)),
            include=st.fixed_dictionaries(dict.fromkeys(of.get("include", []), _members)),
            exclude=st.fixed_dictionaries(dict.fromkeys(of.get("exclude", []), _members)),
            remove=st.just(tuple(of.get("remove", []))),
        )

    def compares(self, name: str) -> st.SearchStrategy[Condition]:
        ordered = {"n": _by, "s": _text}.get(name) if self.fitting else _by | _text
        same = st.builds(Compare, st.just(name), st.sampled_from(["=", "<>"]), self.values(name))
        if ordered is None:
            return same
        sign = st.sampled_from(["<", "<=", ">", ">="])
        return (
            same
            | st.builds(Compare, st.just(name), sign, ordered)
            | st.builds(Between, st.just(name), ordered, ordered)
        )

    def conditions(self) -> st.SearchStrategy[Condition]:
        names = st.sampled_from("nst")
        leaves = st.builds(Absent, names) | st.builds(Present, names) | names.flatmap(self.compares)
        return st.recursive(
            leaves,
            lambda inner: (
                st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
                | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
            ),
            max_leaves=4,
        )

    def steps(self) -> st.SearchStrategy[list[Any]]:
        where, when = st.sampled_from("AB"), st.none() | self.conditions()
        attributes = st.fixed_dictionaries({}, optional={name: self.values(name) for name in "nst"})
        step = st.one_of(
            st.tuples(st.just("put"), where, attributes, st.none() | _expiries, when),
            st.tuples(st.just("update"), where, self.changes(), when),
            st.tuples(st.just("delete"), where, when),
            st.tuples(st.just("wait"), st.sampled_from([1, 10])),
        )
        return st.lists(step, max_size=8)


@PROPERTY
@given(data=st.data())
async def test_whatever_is_done_the_engine_does_as_the_model(table: Table, clock: Clock, data: st.DataObject) -> None:
    model = MemoryTable(now=clock)
    pk = f"run{next(_fresh)}"

    for step in data.draw(Steps(fitting=isinstance(table, DynamoDBTable)).steps()):
        if step[0] == "wait":
            clock.time += step[1]
            continue
        assert await _outcome(table, pk, step, clock.time) == await _outcome(model, pk, step, clock.time)
        assert await table.query(pk) == await model.query(pk)


async def _outcome(table: Table, pk: str, step: tuple[Any, ...], now: float) -> Any:
    try:
        match step:
            case ("put", sk, attributes, expiry, when):
                life = {} if expiry is None else {"expires_at": int(now) + expiry}
                await table.put({"pk": pk, "sk": sk, **attributes, **life}, when=when)
            case ("update", sk, change, when):
                return await table.update(Key(pk, sk), _with_expiry_from(change, now), when=when)
            case ("delete", sk, when):
                return await table.delete(Key(pk, sk), when=when)
    except ConditionFailed as failed:
        return "condition", failed.item
    except ValueError:
        return "does not fit"
    return None


def _with_expiry_from(change: Change, now: float) -> Change:
    expiry: Any = change.set.get("expires_at")
    changed = {**change.set, **({} if expiry is None else {"expires_at": int(now) + expiry})}
    return Change(changed, change.increase, change.include, change.exclude, change.remove)
