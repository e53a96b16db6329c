"""Whom the end of a request charges."""

from dataclasses import replace

import pytest

from shared.gateway.books.settle import used_in
from shared.records.ledger import LedgerRow
from shared.records.limits import Scope, ScopeKind
from shared.storage.admission import Used

ROW = LedgerRow(
    request_id="R1", owner="alice", token_id="t", started_at=1.0, outcome="done", provider="openai", model="gpt-5",
    charged_micros=7,
)  # fmt: skip
USED = Used(micros=7, tokens=11)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("token", "t"),
        ("user", "alice"),
        ("organisation", "organisation"),
        ("provider", "openai"),
        ("provider", "shared:openai"),
        ("model", "openai/gpt-5"),
        ("model", "openai/gpt-5-2025-08-07"),
    ],
)
def test_whoever_asked_and_whoever_answered_is_charged(kind: ScopeKind, name: str) -> None:
    assert used_in(Scope(kind, name), replace(ROW, model="gpt-5-2025-08-07"), USED) == USED


@pytest.mark.parametrize(
    ("kind", "name"),
    [("provider", "anthropic"), ("provider", "shared:anthropic"), ("model", "openai/gpt-4o"), ("model", "grok/gpt-5")],
)
def test_who_might_have_answered_and_did_not_gets_all_of_it_back(kind: ScopeKind, name: str) -> None:
    """Also the request itself: it was not carried out there."""
    assert used_in(Scope(kind, name), ROW, USED) == Used(requests=0)


@pytest.mark.parametrize(
    ("kind", "name", "micros"), [("token", "t", 7), ("user", "alice", 9), ("provider", "openai", 9)]
)
def test_what_an_admin_bounds_is_charged_the_dearer_price(kind: ScopeKind, name: str, micros: int) -> None:
    assert used_in(Scope(kind, name), replace(ROW, listed_micros=9), USED) == replace(USED, micros=micros)
