"""Named routes in the table, each under its owner."""

from dataclasses import asdict
from typing import Any

from shared.records.route import Route, RouteTarget
from shared.storage import layout
from shared.storage.table import Item, Table

MOST_ROUTES = 100
"""Of one owner. A page of the table, so that a list is one query."""


async def find_route(table: Table, owner: str, name: str, *, consistent: bool = False) -> Route | None:
    """The owner's route of that name."""
    item = await table.get(layout.route(owner, name), consistent=consistent)
    return _record(item) if item else None


async def list_routes(table: Table, owner: str) -> list[Route]:
    """All routes of the owner, by name."""
    listing = layout.routes(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, limit=MOST_ROUTES)
    return [_record(item) for item in page.items]


async def save_route(table: Table, route: Route) -> None:
    """Keep it in place of what had that name."""
    key = layout.route(route.owner, route.name)
    await table.put({"pk": key.pk, "sk": key.sk, **asdict(route)})


async def delete_route(table: Table, owner: str, name: str) -> bool:
    """Forget it; whether it was there."""
    return await table.delete(layout.route(owner, name)) is not None


def _record(item: Item) -> Route:
    fields: dict[str, Any] = {name: value for name, value in item.items() if name not in {"pk", "sk"}}
    return Route(**{**fields, "targets": tuple(RouteTarget(**target) for target in fields["targets"])})
