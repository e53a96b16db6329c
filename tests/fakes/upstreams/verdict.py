"""A second opinion on requests, where the material beside the checkout and the vendors' own types are there to give one."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.fakes.upstreams.strict import Malformed

_CHECKER = Path(__file__).resolve().parents[4] / "shared" / "provider-traffic" / "validate_request.py"


def verdict(provider: str, api: str, body: Any) -> None:
    """Raises Malformed for what the vendor's own types refuse."""
    checker = _checker()
    if checker is None:
        return
    errors = checker.validate(provider, api, body).errors
    if errors:
        raise Malformed("request", "; ".join(errors[:3]))


@cache
def _checker() -> ModuleType | None:
    if not _CHECKER.is_file() or importlib.util.find_spec("typing_extensions") is None:
        return None
    spec = importlib.util.spec_from_file_location("validate_request", _CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
