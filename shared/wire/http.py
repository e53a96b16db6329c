"""HTTP/1.1 towards a provider, pure: a request becomes bytes, bytes become an answer (RFC 9112, https://www.rfc-editor.org/rfc/rfc9112).

It opens no socket. Framing is ours on the way out (own Host and Content-Length, nothing hop-by-hop) and llhttp's on the way in.
"""

import re
from collections.abc import Mapping
from typing import Final

import httptools

from shared.errors import BadResponse, InvalidRequest, NoAnswer, ProviderError, StreamInterrupted

LARGEST_HEAD: Final = 64 * 1024
MOST_HEADERS: Final = 200
MOST_INTERIM: Final = 8
"""Answers with a 1xx status before the real one."""

METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_WITHOUT_BODY: Final = frozenset({"GET", "DELETE"})
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that we write ourselves or that end at the next hop: whoever names one is not heard."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_TARGET = re.compile(r"/[\x21-\x22\x24-\x7e]*")
_STRANGE_BYTES: Final = bytes(byte for byte in range(256) if not 0x20 <= byte <= 0x7E)  # noqa: PLR2004 - the printable ASCII
_INTERIM: Final = 100
_FIRST_REAL: Final = 200
_SWITCHING: Final = 101


def write_request(method: str, target: str, host: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    r"""A whole request, `Accept-Encoding: identity` among its headers.

    Raises:
        InvalidRequest: a header or the target holds what would end it early (CR, LF, NUL) or is not ASCII. The value is not repeated.
    """
    if method not in METHODS or not _TARGET.fullmatch(target) or not _VALUE.fullmatch(host):
        raise InvalidRequest(
            "The method, path or host of a request to the provider is malformed; check `baseUrl`", parameter="baseUrl"
        )
    lines = [f"{method} {target} HTTP/1.1\r\nhost: {host}\r\naccept-encoding: identity"]
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise InvalidRequest(
                f"The header {name!r} holds a character that a header cannot carry; remove it", parameter=name
            )
        if name.lower() not in _OURS:
            lines.append(f"{name}: {value}")
    if body or method not in _WITHOUT_BODY:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


class ResponseParser:
    """One answer. Feed it what the network brings, take the body as it grows, and at the end of the connection call `feed_end`."""

    __slots__ = (
        "_bare",
        "_body",
        "_closes",
        "_count",
        "_interim",
        "_lines",
        "_parser",
        "_refused",
        "buffered",
        "complete",
        "head_complete",
        "headers",
        "keep_alive",
        "status",
        "surplus",
    )

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.head_complete = False
        self.complete = False
        """The whole body has come."""
        self.keep_alive = False
        """Once complete: the server would answer another request on this connection."""
        self.surplus = False
        """More came than the answer: the connection can not be trusted with another request."""
        self.buffered = 0
        """Bytes of body not yet taken."""
        self._bare = 0
        """Bytes since the last of the body: the head, what stands around chunks, trailers."""
        self._body: list[bytes] = []
        self._closes = False
        self._count = 0
        self._interim = 0
        self._lines = 0
        self._refused: ProviderError | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take in what came.

        Raises:
            BadResponse: this is no HTTP/1.1 answer, or its head is past a bound.
            StreamInterrupted: the framing of the body is broken, or past a bound.
        """
        if self._parser is None:
            self.surplus = True
            return
        buffered = self.buffered
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._broken(error)
        self._bare = self._bare + len(data) if self.buffered == buffered else 0
        if self._bare > LARGEST_HEAD and not self.complete:
            raise self._too_bare()

    @property
    def begun(self) -> bool:
        """Any byte came."""
        return self.head_complete or self._bare > 0

    def feed_end(self) -> None:
        """The connection ended in order. That completes a body without a length, and truncates every other.

        Raises:
            BadResponse: before the end of the head.
            StreamInterrupted: before the end of the body.
        """
        if self.complete:
            return
        if not self.head_complete:
            raise BadResponse("The provider closed the connection before its answer was whole")
        if not self._closes:
            raise StreamInterrupted("The provider closed the connection in the middle of its answer")
        self.complete = True

    def take(self) -> bytes:
        """All of the body that came since the last time; empty when nothing did."""
        body = self._body
        if not body:
            return b""
        taken = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        self.buffered = 0
        return taken

    def on_message_begin(self) -> None:
        """Called by llhttp. After a whole answer, this is one that nobody asked for."""
        if self.complete:
            self.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by llhttp: one header line. Repeated ones are joined by a comma; cookies are nobody's business here."""
        if self.complete or self.head_complete:  # trailers say nothing that we use
            return
        self._count += 1
        self._lines += len(name) + len(value)
        if self._count > MOST_HEADERS or self._lines > LARGEST_HEAD:
            self._give_up("The head of the provider's answer is too large")
        key = name.translate(None, _STRANGE_BYTES).decode("ascii").lower()
        if key in {"set-cookie", "set-cookie2"}:
            return
        text = value.translate(None, _STRANGE_BYTES).decode("ascii").strip()
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """Called by llhttp. Interim answers are passed over."""
        if self._parser is None:
            return
        self.status = self._parser.get_status_code()
        if self.status < _FIRST_REAL:
            self._pass_over()
            return
        encoding = self.headers.get("transfer-encoding")
        if encoding is not None and encoding.lower() != "chunked":
            self._give_up("The provider's answer has a transfer encoding that is not `chunked`")
        self._closes = encoding is None and "content-length" not in self.headers
        self.head_complete = True

    def on_body(self, data: bytes) -> None:
        """Called by llhttp: a part of the body."""
        if self.complete:
            self.surplus = True
            return
        self._body.append(data)
        self.buffered += len(data)

    def on_message_complete(self) -> None:
        """Called by llhttp. The end of an interim answer is not the end."""
        if self._parser is None or not self.head_complete:
            return
        self.complete = True
        self.keep_alive = self._parser.should_keep_alive()
        self._parser = None  # the two hold each other; without this only the garbage collector would part them

    def _pass_over(self) -> None:
        self._interim += 1
        self.headers.clear()
        if self._interim > MOST_INTERIM or self.status == _SWITCHING or self.status < _INTERIM:
            self._give_up("The provider's answer has a status that we did not ask for", NoAnswer)

    def _give_up(self, why: str, error: type[BadResponse] = BadResponse) -> None:
        """Out of a callback, so that llhttp stops; `feed` raises what is kept here."""
        self._refused = error(why)
        raise self._refused

    def _too_bare(self) -> ProviderError:
        """A header is gathered until its end, a trailer too (by httptools): one that never ends would fill the memory."""
        if self.head_complete:
            return StreamInterrupted("The provider's answer has too much around its body")
        return BadResponse("The head of the provider's answer is too large")

    def _broken(self, error: Exception) -> None:
        if self.complete:
            self.surplus = True
            return
        if self._refused is not None:
            raise self._refused from None
        if self.head_complete:
            raise StreamInterrupted("The provider broke the framing of its answer") from error
        raise BadResponse("The provider's answer is not HTTP/1.1") from error
