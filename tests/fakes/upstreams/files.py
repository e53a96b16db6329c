"""A host of pictures and papers, for what is sent by URL; and the same bytes, for what is sent inline."""

import struct
import zlib

from tests.fakes.http_server import Visit, answer


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00\x00\xff\x00" * 2))
    + _chunk(b"IEND", b"")
)
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
_FILES = {"/picture.png": ("image/png", PNG), "/paper.pdf": ("application/pdf", PDF)}


async def script(visit: Visit) -> None:
    """Say the file that was asked for."""
    path = visit.head.split(b" ")[1].decode()
    if path not in _FILES:
        await visit.say(answer(b"no such file", "404 Not Found", content_type="text/plain"))
        return
    kind, data = _FILES[path]
    await visit.say(answer(data, content_type=kind))
