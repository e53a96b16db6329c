"""SnapStart: hooks on both sides of the snapshot, and nothing drawn twice."""

import asyncio
import random
from types import SimpleNamespace
from typing import Any

import pytest

from shared.runtime.api import RuntimeApi
from shared.runtime.snapshot import SnapshotFailed, restore
from tests.fakes.aws_lambda.inside import runtime_api
from tests.fakes.aws_lambda.invocation import FunctionFailed


def module(story: list[str], **failing: Exception) -> Any:
    """Hooks that tell when they ran."""

    def hook(name: str) -> Any:
        async def run() -> None:
            story.append(name)
            if name in failing:
                raise failing[name]

        return run

    return SimpleNamespace(before_snapshot=hook("before_snapshot"), after_restore=hook("after_restore"))


async def test_hooks_run_on_both_sides_of_the_snapshot() -> None:
    story = list[str]()
    async with runtime_api() as api:
        living = asyncio.create_task(restore(RuntimeApi(f"127.0.0.1:{api.port}"), module(story)))
        await api.ready
        story.append("snapshot")
        api.restoring.set()
        await living

    assert story == ["before_snapshot", "snapshot", "after_restore"]
    assert api.heard == ["restore/next"]


async def test_a_module_needs_no_hooks() -> None:
    async with runtime_api() as api:
        api.restoring.set()
        await restore(RuntimeApi(f"127.0.0.1:{api.port}"), SimpleNamespace())

    assert api.heard == ["restore/next"]


async def test_lives_from_one_snapshot_draw_different_numbers() -> None:
    drawn = set[float]()
    state = random.getstate()
    async with runtime_api() as api:
        api.restoring.set()
        for _ in range(3):
            random.setstate(state)
            await restore(RuntimeApi(f"127.0.0.1:{api.port}"), SimpleNamespace())
            drawn.add(random.random())

    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("failing", "heard", "name"),
    [
        ("before_snapshot", ["init/error"], "Runtime.BeforeSnapshotError"),
        ("after_restore", ["restore/next", "restore/error"], "Runtime.AfterRestoreError"),
    ],
)
async def test_a_hook_that_fails_is_reported_under_its_phase(failing: str, heard: list[str], name: str) -> None:
    async with runtime_api() as api:
        api.restoring.set()
        with pytest.raises(SnapshotFailed, match=name):
            await restore(RuntimeApi(f"127.0.0.1:{api.port}"), module([], **{failing: LookupError("no")}))

        assert api.heard == heard
        assert api.heads[-1]["lambda-runtime-function-error-type"] == name
        if failing == "before_snapshot":
            with pytest.raises(FunctionFailed, match=name):
                await api.ready
