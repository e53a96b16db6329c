"""A provider that costs next to nothing: OpenAI's chat completions on 127.0.0.1, plain and streamed. Prints its port.

    python -m benchmarks.mock_provider

A stream is 100 chunks: 5 ms apart, so that a gateway handles each by itself as with a real one, or all at once for the user `burst`.
"""

import asyncio
import re
from typing import Final

CHUNKS: Final = 100
PACE: Final = 0.005
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_MOST: Final = 1 << 20


def _chunk(delta: bytes, finish: bytes = b"null", more: bytes = b"") -> bytes:
    event = b'{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1800000000,"model":"gpt-4o-mini","choices":[%s]%s}'
    choice = b'{"index":0,"delta":%s,"finish_reason":%s}' % (delta, finish) if delta else b""
    return b"data: " + event % (choice, more) + b"\n\n"


def _framed(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


_USAGE: Final = b'"usage":{"prompt_tokens":20,"completion_tokens":100,"total_tokens":120}'
_ANSWER: Final = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1800000000,"model":"gpt-4o-mini","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"' + b"Hello there. " * 30 + b'"},"finish_reason":"stop"}],' + _USAGE + b"}"
)
_PLAIN: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_ANSWER) + _ANSWER
)
_STREAM: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_WORD: Final = _framed(_chunk(b'{"content":"Hello "}'))
_END: Final = _framed(_chunk(b"{}", b'"stop"') + _chunk(b"", more=b"," + _USAGE) + b"data: [DONE]\n\n") + b"0\r\n\r\n"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            body = await reader.readexactly(int(found[1])) if found else b""
            await _answer(writer, stream=b'"stream":true' in body, pace=0 if b'"burst"' in body else PACE)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _answer(writer: asyncio.StreamWriter, *, stream: bool, pace: float) -> None:
    if not stream:
        writer.write(_PLAIN)
        return
    writer.write(_STREAM + _framed(_chunk(b'{"role":"assistant","content":""}')))
    for _ in range(CHUNKS):
        writer.write(_WORD)
        await asyncio.sleep(pace)
    writer.write(_END)
    await writer.drain()


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, limit=_MOST)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads this
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
