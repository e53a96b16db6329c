"""What callers hand back of an earlier answer of ours. We hold nothing, so what has to come back travels with them.

Thinking that another family signed or encrypted is sealed into `encrypted_content`: the seal names the provider, is opened when it comes
back, and the signature in it is the same to the byte (traps 48, 52). Ids of items say that they are ours. A client that names items by their id instead
of sending them gets one last, empty thought, whose id holds all items of the answer. Towards a provider who speaks this dialect itself
none of that goes out (trap 61): it would look for such items and not find them.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.chat.request import Reasoning
from shared.dialects.signed import mark, split_id
from shared.errors import InvalidRequest
from shared.wire.json import read_lenient, write

type Item = Mapping[str, Any]

_SEAL: Final = "realmultillm:"
_OURS: Final = re.compile(r"(msg|rs|fc|ig)_rml")
_KEPT: Final = "rs_rmlkept_"
_LARGEST: Final = 32 * 1024 * 1024
"""Bytes of the items that one id may hold when they are unpacked."""


def item_id(kind: str, request_id: str, place: int) -> str:
    """The id of an item of ours."""
    return f"{kind}_rml{request_id}_{place}"


def is_ours(id_: Any) -> bool:
    """We made that id."""
    return isinstance(id_, str) and _OURS.match(id_) is not None


def seal(provider: str, content: Mapping[str, str]) -> str:
    """An `encrypted_content`. It hides nothing: whoever signed or encrypted what is in it has seen to that."""
    return f"{_SEAL}{provider}:{base64.urlsafe_b64encode(write(content)).decode()}"


def is_sealed(content: Any) -> bool:
    """We sealed it."""
    return isinstance(content, str) and content.startswith(_SEAL)


def open_seal(content: str, words: str, at: str) -> Reasoning:
    """The thinking with these words, its proofs marked with who made them, so that nobody else sees them.

    Raises InvalidRequest when the seal did not come back as it was; `at` names the field.
    """
    maker, _, sealed = content.removeprefix(_SEAL).partition(":")
    try:
        found = read_lenient(base64.urlsafe_b64decode(sealed))
    except (ValueError, binascii.Error) as error:
        raise _damaged(at) from error
    if not isinstance(found, dict):
        raise _damaged(at)
    proofs = (found.get("signature"), found.get("redacted"))
    return Reasoning(words, *[mark(maker, proof) if isinstance(proof, str) else None for proof in proofs])


def keep(items: Iterable[Item]) -> str:
    """An id that holds these items."""
    return _KEPT + base64.urlsafe_b64encode(zlib.compress(write(list(items)))).decode()


def is_kept(id_: Any) -> bool:
    """An id that holds items."""
    return isinstance(id_, str) and id_.startswith(_KEPT)


def find_kept(items: Iterable[Any]) -> dict[str, Item]:
    """All items that ids among these hold, by their own id. Raises InvalidRequest for an id that did not come back as it was."""
    found: dict[str, Item] = {}
    for index, item in enumerate(items):
        if isinstance(item, Mapping) and is_kept(item.get("id")):
            found |= {kept["id"]: kept for kept in _unpack(item["id"], f"input[{index}].id")}
    return found


def for_kin(items: list[Any]) -> list[Any]:
    """The input as a provider who speaks this dialect can take it: without our seals and ids; what was named by an id of ours is written out."""
    kept = find_kept(items)
    written = (kept.get(item["id"], item) if _is_named(item) else item for item in items)
    return [_without_signature(_bare(item)) for item in written if not _is_only_ours(item)]


def _is_named(item: Any) -> bool:
    return isinstance(item, Mapping) and is_ours(item.get("id"))


def _is_only_ours(item: Any) -> bool:
    return isinstance(item, Mapping) and (is_kept(item.get("id")) or is_sealed(item.get("encrypted_content")))


def _bare(item: Any) -> Any:
    return {name: value for name, value in item.items() if name != "id"} if _is_named(item) else item


def _without_signature(item: Any) -> Any:
    """A call of ours may have a signature in its id, and so has its result."""
    if not isinstance(item, Mapping) or not isinstance(item.get("call_id"), str):
        return item
    call_id, signature = split_id(item["call_id"])
    return {**item, "call_id": call_id} if signature is not None else item


def _unpack(id_: str, at: str) -> list[dict[str, Any]]:
    unpacker = zlib.decompressobj()
    try:
        items = read_lenient(unpacker.decompress(base64.urlsafe_b64decode(id_.removeprefix(_KEPT)), _LARGEST))
    except (ValueError, zlib.error) as error:
        raise _damaged(at) from error
    if not isinstance(items, list) or not all(isinstance(item, dict) and is_ours(item.get("id")) for item in items):
        raise _damaged(at)
    return items


def _damaged(at: str) -> InvalidRequest:
    return InvalidRequest("this is not as we gave it: hand it back as it was, or leave the item out", parameter=at)
