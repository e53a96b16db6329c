"""One JSON value a line (https://github.com/ndjson/ndjson-spec), as Ollama streams."""

from shared.wire.decoder import Decoder


class NdjsonDecoder(Decoder[bytes]):
    """Bytes → the lines that hold something, without the space around them. `close` gives the last line if it has no LF.

    Split on LF alone: JSON escapes it inside strings, while U+2028 and its like may stand there bare.
    """

    __slots__ = ()

    def _read(self, data: bytes, items: list[bytes]) -> None:
        if b"\n" not in data:
            self._held += data
        else:
            if self._held:
                data = b"".join((self._held, data))
                self._held.clear()
            *lines, rest = data.split(b"\n")
            for line in lines:
                self._check(line)
                if line := line.strip():
                    items.append(line)
            self._held += rest
        self._check(self._held)

    def _end(self) -> list[bytes]:
        line = bytes(self._held).strip()
        self._held.clear()
        return [line] if line else []

    def _check(self, line: bytes | bytearray) -> None:
        if len(line) > self._max_item:
            raise self._too_long()
