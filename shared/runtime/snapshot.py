"""SnapStart: a snapshot is taken of us once, and many lives begin from it.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html and awslambdaric's `on_init_complete` (4.2, 2026-11)
"""

import os
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final

from shared.runtime.answers import describe
from shared.runtime.api import RuntimeApi

type Hook = Callable[[], Awaitable[None]]

_ENTROPY: Final = 48


class SnapshotFailed(Exception):
    """A hook raised; Lambda has been told."""


async def restore(api: RuntimeApi, module: Any) -> None:
    """Through the snapshot, with the hooks that the app's module may have: `before_snapshot` and `after_restore`, both without arguments.

    Raises:
        SnapshotFailed: one of them raised.
        RuntimeApiGone: Lambda did.
    """
    await _run(api, "init", "Runtime.BeforeSnapshotError", getattr(module, "before_snapshot", None))
    await api.wait_for_restore()
    _reseed()
    await _run(api, "restore", "Runtime.AfterRestoreError", getattr(module, "after_restore", None))


async def _run(api: RuntimeApi, phase: str, name: str, hook: Hook | None) -> None:
    if hook is None:
        return
    try:
        await hook()
    except Exception as error:
        await api.report(phase, {**describe(error), "errorType": name})
        raise SnapshotFailed(name) from error


def _reseed() -> None:
    """All lives begin with the same memory: what was drawn before must not be drawn again. `os.urandom` is the system's, and fresh."""
    random.seed()
    ssl.RAND_add(os.urandom(_ENTROPY), float(_ENTROPY))
