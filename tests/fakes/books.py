"""The books of a house: what faults.md promises of them after every fault, whichever it was."""

from shared.records.ledger import LedgerRow
from shared.storage.ledger import list_rows
from tests.fakes.house import Headers, House


async def rows_of(house: House, headers: Headers) -> list[LedgerRow]:
    """The ledger of whoever calls with these headers, the newest first."""
    caller = await house.services.accounts.verify(headers["authorization"].removeprefix("Bearer "))
    return (await list_rows(house.services.table, caller.owner))[0]


def balanced(house: House, *, requests: int) -> None:
    """Invariants (a), (b) and (d): a row for each request, nothing is held, what was spent is what the ledger says, few attempts."""
    items = list(house.table.items.items())
    rows = [item for (_, sk), item in items if sk.startswith("REQUEST#")]
    scopes = [item for (pk, _), item in items if pk.startswith("ADMIT#")]
    spent = [value for item in scopes for name, value in item.items() if name.startswith("s_")]
    committed = [value for item in scopes for name, value in item.items() if name.startswith("c_")]
    charged = [row["charged_micros"] for row in rows]

    assert len(rows) == requests
    assert {row["outcome"] for row in rows} <= {"done", "error", "disconnected", "deadline", "cancelled"}
    assert not any(name.startswith("h_") for item in scopes for name in item)
    assert sum(int(str(item["n_open"])) for item in scopes) == 0
    assert sum(map(int, map(str, spent))) == sum(map(int, map(str, charged))) == sum(map(int, map(str, committed)))
    assert all(int(str(row["attempts"])) <= 3 for row in rows)
