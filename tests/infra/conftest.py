"""Stacks as the CDK synthesises them, with a stub in place of each zip: what lies in those is test_bundle.py's."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

type Json = dict[str, Any]


@dataclass(frozen=True)
class Synthesised:
    """A stack's template, and what cdk-nag said of it."""

    template: Json
    report: Json

    def of(self, kind: str) -> dict[str, Json]:
        """The resources of that CloudFormation type, by their logical ids."""
        return {name: each for name, each in self.template["Resources"].items() if each["Type"] == kind}

    def the(self, kind: str) -> Json:
        """The properties of the only one."""
        (one,) = self.of(kind).values()
        return dict(one["Properties"])

    def functions(self) -> dict[str, Json]:
        """The doors' functions by the folder of their handler."""
        found = [each["Properties"] for each in self.of("AWS::Lambda::Function").values()]
        return {function["Handler"].replace("/", ".").split(".")[1]: function for function in found}


type Synthesise = Callable[..., Synthesised]


@pytest.fixture(scope="session")
def synthesise(tmp_path_factory: pytest.TempPathFactory) -> Synthesise:
    """`synthesise(**{"stage": "prod"})`: one for each context, made once."""
    if shutil.which("node") is None:
        pytest.skip("the CDK runs on Node.js, and there is none here")
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
    stub = tmp_path_factory.mktemp("zip")
    (stub / "door.py").write_text("", encoding="utf-8")

    @cache
    def made(context: tuple[tuple[str, str], ...]) -> Synthesised:
        return _synthesise(dict(context), stub, tmp_path_factory.mktemp("cdk.out"))

    return lambda **context: made(tuple(sorted((name.replace("_", "-"), value) for name, value in context.items())))


def _synthesise(context: Mapping[str, str], stub: Path, out: Path) -> Synthesised:
    import aws_cdk as cdk  # noqa: PLC0415 - seconds to import: only when these tests are asked for
    from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415 - the same
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415 - the same

    from infra.stack import RealMultiLLM, Zips  # noqa: PLC0415 - the same
    from infra.stage import read_stage  # noqa: PLC0415 - the same

    app = cdk.App(analytics_reporting=False, outdir=str(out))
    code = lambda_.Code.from_asset(str(stub))
    RealMultiLLM(app, "House", stage=read_stage(context.get), zips=Zips(chat=code, doors=code))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    template = json.loads((out / "House.template.json").read_text("utf-8"))
    return Synthesised(template, json.loads((out / "validation-report.json").read_text("utf-8")))


@pytest.fixture(scope="session")
def house(synthesise: Synthesise) -> Synthesised:
    """As a first deployment makes it."""
    return synthesise(stage="prod")
