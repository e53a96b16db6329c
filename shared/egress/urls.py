"""A URL is read once, strictly, and what was read is what is stored, bound to the key and connected to.

Two parsers that disagree about a host are a way in (one sees user information before an `@` where the other sees a path), so whatever could be read in two ways is refused:
controls, spaces, backslashes, user information, fragments, numbers that look like hosts, zone identifiers, dot segments.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NoReturn

from shared.egress.addresses import ADDRESS_REFUSED, Rules, authority, is_public
from shared.errors import AddressRefused, InvalidRequest

LONGEST: Final = 2048
LONGEST_HOST: Final = 253
_REMEMBERED: Final = 512
"""URLs that are not read again: a gateway asks the same few all day. What is refused is read each time."""
LARGEST_PORT: Final = 65_535
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_NO_RULES: Final = Rules()

_URL = re.compile(
    r"""(?P<scheme>https?)://
        (?P<host>\[[^\[\]/?#@\\]*\]|[^\[\]/?#@:\\]+)
        (?::(?P<port>[0-9]{1,5}))?
        (?P<path>/[^?]*)?
        (?:\?(?P<query>.*))?""",
    re.VERBOSE | re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\#\u2028\u2029\ufeff]")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*")
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_DOTS = frozenset({".", ".."})


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """Where a provider is. `host` is lower-case ASCII, an IPv6 address without brackets; `path` has no slash at its end."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def origin(self) -> str:
        """`scheme://host:port`, the port always there: what a sealed key is bound to."""
        return f"{self.scheme}://{authority(self.host, self.port)}"

    @property
    def is_address(self) -> bool:
        """The host is an address itself: no name that has a name server ends in a number."""
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    @property
    def host_header(self) -> str:
        """The value of `Host`: without the port where it is the scheme's own."""
        if self.port == _DEFAULT_PORTS[self.scheme]:
            return authority(self.host, self.port).removesuffix(f":{self.port}")
        return authority(self.host, self.port)

    @property
    def text(self) -> str:
        """The URL again, as short as it may be written."""
        return f"{self.scheme}://{self.host_header}{self.path}"


@dataclass(frozen=True, slots=True)
class Url:
    """A whole URL to ask: where, and the path and query as they go on the wire."""

    base: BaseUrl
    target: str


@lru_cache(maxsize=_REMEMBERED)
def parse_base_url(text: str, rules: Rules = _NO_RULES, *, parameter: str = "baseUrl") -> BaseUrl:
    """The place that a caller or the operator names.

    Raises:
        InvalidRequest: it can be misread, is not https on port 443 (unless the operator named it), or has a query.
        AddressRefused: its host is an address that the rules forbid.
    """
    if "@" in text:
        _refuse("has an `@`; a user name or key does not belong into a URL", parameter)
    base, path, query = _split(text, rules, parameter)
    if query is not None:
        _refuse("has a query; leave out everything from `?`", parameter)
    return BaseUrl(base.scheme, base.host, base.port, path.rstrip("/"))


@lru_cache(maxsize=_REMEMBERED)
def parse_url(text: str, rules: Rules = _NO_RULES, *, parameter: str = "baseUrl") -> Url:
    """The URL of one request, as strictly as `parse_base_url`, but it may have a query, and an `@` behind its host.

    Raises:
        InvalidRequest, AddressRefused: as `parse_base_url`.
    """
    base, path, query = _split(text, rules, parameter)
    return Url(base, f"{path or '/'}?{query}" if query else path or "/")


def _split(text: str, rules: Rules, parameter: str) -> tuple[BaseUrl, str, str | None]:
    if len(text) > LONGEST:
        _refuse(f"is longer than {LONGEST} characters", parameter)
    if _FORBIDDEN.search(text):
        _refuse("holds a space, a control character, a backslash or `#`; write only https://host/path", parameter)
    found = _URL.fullmatch(text)
    if found is None:
        _refuse("is not a URL like https://host/path", parameter)
    scheme = found["scheme"].lower()
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    host = _host(found["host"], port, rules, parameter)
    _check_door(scheme, host, port, rules, parameter)
    path = found["path"] or ""
    _check_path(path, found["query"], parameter)
    return BaseUrl(scheme, host, port), path, found["query"]


def _check_door(scheme: str, host: str, port: int, rules: Rules, parameter: str) -> None:
    if not 0 < port <= LARGEST_PORT:
        _refuse(f"has a port that is not from 1 to {LARGEST_PORT}", parameter)
    if rules.names(host, port):
        return
    if scheme != "https":
        _refuse(
            "is not https; give the https URL, or let the operator name the host in REALMULTILLM_EGRESS_ALLOW",
            parameter,
        )
    if port != _DEFAULT_PORTS["https"]:
        _refuse(
            "has a port other than 443; leave it out, or let the operator name host and port in REALMULTILLM_EGRESS_ALLOW",
            parameter,
        )


def _check_path(path: str, query: str | None, parameter: str) -> None:
    if not _PATH.fullmatch(path) or "//" in path or not _QUERY.fullmatch(query or ""):
        _refuse("has an empty path segment, or a character that must be percent-encoded", parameter)
    if any(part.lower().replace("%2e", ".") in _DOTS for part in path.split("/")):
        _refuse("has a `.` or `..` segment; write the path it stands for", parameter)


def _host(text: str, port: int, rules: Rules, parameter: str) -> str:
    if text.startswith("["):
        return _literal(_ipv6(text[1:-1], parameter), port, rules)
    host = text.lower() if text.isascii() and "xn--" not in text.lower() else _idna(text, parameter)
    if host.endswith("."):
        _refuse("has a dot after its host; leave it out", parameter)
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        _refuse("has a host that no name server could know; check its spelling", parameter)
    if _NUMBER.fullmatch(labels[-1]):
        return _literal(_ipv4(host, parameter), port, rules)
    if len(labels) == 1 and not rules.names(host, port):
        _refuse("has a host without a dot; give the whole name, as in api.example.com", parameter)
    return host


def _literal(host: str, port: int, rules: Rules) -> str:
    """A number for a host is refused here already, unless it is public or the operator named it."""
    if not rules.names(host, port) and not is_public(host):
        raise AddressRefused(ADDRESS_REFUSED)
    return host


def _ipv4(host: str, parameter: str) -> str:
    """Dotted decimal as everybody reads it. `ipaddress` refuses octal, hexadecimal and short forms."""
    try:
        return str(IPv4Address(host))
    except AddressValueError:
        _refuse("has a host that ends in a number but is no dotted address", parameter)


def _ipv6(host: str, parameter: str) -> str:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        _refuse("has a bracketed host that is no IPv6 address", parameter)
    if address.scope_id is not None:
        _refuse("has a zone after its IPv6 address; leave it out", parameter)
    return address.compressed


def _idna(host: str, parameter: str) -> str:
    """The ASCII form by UTS 46, not transitional: https://www.unicode.org/reports/tr46/."""
    import idna  # noqa: PLC0415 - most hosts are ASCII, and its tables cost milliseconds

    try:
        return idna.encode(host, uts46=True, std3_rules=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        _refuse("has a host that is no internationalised name; give it in ASCII", parameter)


def _refuse(what: str, parameter: str) -> NoReturn:
    raise InvalidRequest(f"`{parameter}` {what}", parameter=parameter)
