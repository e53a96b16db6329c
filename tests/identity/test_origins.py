"""A token is worth nothing outside of its networks. Threats I9 and H1."""

import pytest

from shared.errors import Forbidden
from shared.identity.caller import Caller
from shared.identity.origins import permit_origin, read_network
from shared.records.token import AccessToken


def who(*origins: str) -> Caller:
    token = AccessToken(id="t", owner="alice", name="t", digest=b"", created_at=0, updated_at=0, origins=origins)
    return Caller(owner="alice", email=None, role="user", token_id="t", token=token)


@pytest.mark.parametrize("address", ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::5"])
def test_whoever_calls_from_there_is_let_through(address: str) -> None:
    permit_origin(who("203.0.113.0/24", "2001:db8::/32"), address)

    with pytest.raises(Forbidden):
        permit_origin(who("198.51.100.0/24"), address)


@pytest.mark.parametrize("address", [None, "testclient", "203.0.114.1", "2001:db9::1"])
def test_whoever_calls_from_elsewhere_or_from_nobody_knows_where_is_not(address: str | None) -> None:
    with pytest.raises(Forbidden):
        permit_origin(who("203.0.113.0/24", "2001:db8::/32"), address)


def test_a_token_for_no_network_is_for_none() -> None:
    with pytest.raises(Forbidden):
        permit_origin(who(), "203.0.113.7")


@pytest.mark.parametrize(("written", "kept"), [("203.0.113.7", "203.0.113.7/32"), ("2001:DB8::/32", "2001:db8::/32")])
def test_a_network_is_kept_in_one_form(written: str, kept: str) -> None:
    assert read_network(written) == kept


@pytest.mark.parametrize("written", ["203.0.113.7/24", "example.com", "1.2.3.4/33", ""])
def test_what_is_no_network_is_refused_with_the_remedy(written: str) -> None:
    with pytest.raises(ValueError, match="CIDR"):
        read_network(written)
