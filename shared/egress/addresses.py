"""Which addresses may be reached, as data. Pure: it resolves nothing and connects to nothing.

`ipaddress.is_global` is no guard: it calls NAT64, multicast, site-local and IPv4-compatible addresses global. So the table is our own:
global unicast, minus what the IANA special-purpose registries take out of it
(https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry, read 2026-01).
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

ADDRESS_REFUSED: Final = "This destination is not allowed; give a public https address"
"""One message whatever the reason, so that nobody can scan with it."""

_REFUSED_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; clouds keep their credentials there
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
"""All that is allotted as global unicast: loopback, mapped, NAT64, unique local, link-local, site-local and multicast lie outside."""

_REFUSED_V6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the 6bone, returned
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator lets through beside the public internet: `host:port`, an IPv6 host in brackets. Those may be http and private."""

    allowed: frozenset[str] = frozenset()

    def names(self, host: str, port: int) -> bool:
        """The operator named this origin."""
        return authority(host, port) in self.allowed


def authority(host: str, port: int) -> str:
    """`host:port`, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_public(address: IPv4Address | IPv6Address | str) -> bool:
    """It is global unicast and nothing special. An IPv4 address mapped into IPv6 is judged as what it is.

    Raises:
        ValueError: the text is no address.
    """
    match _unwrapped(ip_address(address)):
        case IPv4Address() as four:
            return not any(four in network for network in _REFUSED_V4)
        case six:
            return six.scope_id is None and six in _GLOBAL_V6 and not any(six in network for network in _REFUSED_V6)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
