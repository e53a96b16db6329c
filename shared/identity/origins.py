"""Where an access token may be used from. Threat I9: one that is stolen is worth nothing elsewhere."""

from ipaddress import IPv6Address, ip_address, ip_network

from shared.errors import Forbidden
from shared.identity.caller import Caller


def read_network(text: str) -> str:
    """A network or an address in the one form in which it is kept. Raises ValueError with the remedy."""
    try:
        return str(ip_network(text.strip()))
    except ValueError as error:
        raise ValueError("write a network as CIDR, for example 203.0.113.0/24, or one address") from error


def permit_origin(who: Caller, address: str | None) -> None:
    """Let through whoever calls from where their token may be used. An IPv4 address within IPv6 (`::ffff:…`) is the IPv4 one.

    Raises:
        Forbidden: the token is for other places, or nobody knows where the call comes from.
    """
    if who.token is None or who.token.origins is None:
        return
    if address is None or not _within(address, who.token.origins):
        raise Forbidden("This access token is for other networks than the one that you call from.")


def _within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        here = ip_address(address)
    except ValueError:
        return False
    if isinstance(here, IPv6Address) and here.ipv4_mapped is not None:
        here = here.ipv4_mapped
    return any(here in ip_network(network) for network in networks)
