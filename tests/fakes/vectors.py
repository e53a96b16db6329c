"""Readers of the published vectors beside the checkout, for more than one room."""

import base64
import json
from pathlib import Path


def utf8_cases(shared_material: Path) -> list[tuple[bool, bytes]]:
    """(valid, bytes) of each case of utf8tests.txt."""
    cases = []
    for line in (shared_material / "security-vectors/utf8/utf8tests.txt").read_text().split("\n"):
        if line.startswith("#"):
            continue
        match [part.strip() for part in line.split(":")]:
            case [_, "valid", text]:
                cases.append((True, text.encode()))
            case [_, "valid hex", digits]:
                cases.append((True, bytes.fromhex(digits)))
            case [_, "invalid hex", digits, *_]:
                cases.append((False, bytes.fromhex(digits)))
            case _:
                pass
    return cases


def json_suite(shared_material: Path) -> list[tuple[str, str, bytes]]:
    """(name, verdict, body) of JSONTestSuite. A verdict is accept, reject or either-but-no-5xx."""
    cases = []
    for line in (shared_material / "security-vectors/json/jsontestsuite.jsonl").read_bytes().split(b"\n"):
        if not line:
            continue
        case = json.loads(line)
        if "repeat" in case:
            text, count = case["repeat"]
            body = text.encode() * count + base64.b64decode(case.get("suffix_b64", ""))
        else:
            body = base64.b64decode(case["b64"])
        assert len(body) == case["len"]
        cases.append((case["name"], case["expect"], body))
    return cases


def naughty_strings(shared_material: Path) -> list[str]:
    """The Big List of Naughty Strings."""
    strings: list[str] = json.loads((shared_material / "security-vectors/blns/blns.json").read_bytes())
    return strings
