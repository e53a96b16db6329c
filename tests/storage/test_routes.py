"""Named routes at rest."""

from dataclasses import replace

from shared.records.route import Route, RouteTarget
from shared.storage.erase import erase_owner
from shared.storage.routes import delete_route, find_route, list_routes, save_route
from shared.storage.table import Table

ROUTE = Route(
    owner="o1",
    name="smart",
    strategy="weighted",
    targets=(RouteTarget("openai", "gpt-4.1", 3), RouteTarget("anthropic", "claude-haiku-4-5")),
    created_at=1_800_000_000,
    updated_at=1_800_000_060,
    after_timeout=True,
)


async def test_a_route_reads_back_as_it_was_saved(table: Table) -> None:
    await save_route(table, ROUTE)

    assert await find_route(table, "o1", "smart") == ROUTE
    assert await list_routes(table, "o1") == [ROUTE]


async def test_what_another_owner_has_is_not_there(table: Table) -> None:
    """Threat I3."""
    await save_route(table, ROUTE)

    assert await find_route(table, "o2", "smart") is None
    assert await list_routes(table, "o2") == []
    assert not await delete_route(table, "o2", "smart")


async def test_the_later_one_of_a_name_is_the_route(table: Table) -> None:
    await save_route(table, ROUTE)
    await save_route(table, replace(ROUTE, strategy="cheapest"))

    assert [route.strategy for route in await list_routes(table, "o1")] == ["cheapest"]
    assert await delete_route(table, "o1", "smart")
    assert not await delete_route(table, "o1", "smart")


async def test_routes_go_with_their_owner(table: Table) -> None:
    """Threat K10."""
    await save_route(table, ROUTE)
    await erase_owner(table, "o1")

    assert await list_routes(table, "o1") == []
