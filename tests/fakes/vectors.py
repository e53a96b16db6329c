"""Readers of the published vectors beside the checkout, for more than one room."""

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
