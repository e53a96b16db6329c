"""`cdk synth` and `cdk deploy` begin here: `python -m infra.app`. The CDK's command line needs Node.js 22 or later."""

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from cdk_nag import AwsSolutionsChecks

from infra.bundle import CHAT, CHAT_WITH_SERVER, DOORS, ROOT, Bundle, BundleError, build, size_of, zipped_size
from infra.stack import RealMultiLLM, Zips
from infra.stage import Stage, StageError, read_stage

BUNDLES: Final = ROOT / "build" / "lambda"
WRONG_SETTING: Final = 2
REPORT: Final = "validation-report.json"


def create_app(outdir: str | None = None) -> cdk.App:
    """Everything that is deployed, in a folder of the CDK's choice unless one is named.

    Raises:
        StageError: a value of the context is not what its setting takes.
        BundleError: the zips cannot be made.
    """
    app = cdk.App(analytics_reporting=False, outdir=outdir)
    stage = read_stage(app.node.try_get_context)
    stack = RealMultiLLM(app, _name(stage), stage=stage, zips=_zips(stage))
    cdk.Tags.of(stack).add("application", "realmultillm")
    cdk.Tags.of(stack).add("stage", stage.name)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def _name(stage: Stage) -> str:
    return f"RealMultiLLM-{stage.name}"


def _zips(stage: Stage) -> Zips:
    chat = CHAT if stage.chat_runtime == "own" else CHAT_WITH_SERVER
    return Zips(chat=_code(chat, stage), doors=_code(DOORS, stage))


def _code(bundle: Bundle, stage: Stage) -> lambda_.Code:
    folder = build(bundle, stage.architecture, BUNDLES)
    print(_sizes(bundle.name, folder), file=sys.stderr)  # noqa: T201 - what a person at a terminal reads
    return lambda_.Code.from_asset(str(folder))


def _sizes(name: str, folder: Path) -> str:
    return f"{name:6} zip {zipped_size(folder) / 1e6:5.1f} MB, unzipped {size_of(folder) / 1e6:5.1f} MB"


def verdict(report: dict[str, Any]) -> str:
    """What cdk-nag found, in one line. What is not acknowledged with its reason has failed the synthesis before."""
    found = [plugin for plugin in report["pluginReports"] if plugin["pluginName"] == "AwsSolutions"]
    violations = sum(len(plugin["violations"]) for plugin in found)
    acknowledged = sum(len(plugin["suppressedViolations"]) for plugin in found)
    return (
        f"cdk-nag AwsSolutions: {violations} findings, {acknowledged} rules acknowledged with their reasons ({REPORT})"
    )


def main() -> int:
    """Synthesise; 2 when a setting is wrong or a zip cannot be made."""
    try:
        # The CDK's command line names its own folder; without it the templates lie where .gitignore expects them.
        outdir = os.environ.get("CDK_OUTDIR", "cdk.out")
        create_app(outdir=outdir).synth()
        print(verdict(json.loads(Path(outdir, REPORT).read_text("utf-8"))), file=sys.stderr)  # noqa: T201 - what a person at a terminal reads
    except (StageError, BundleError) as error:
        print(f"realmultillm: {error}", file=sys.stderr)  # noqa: T201 - what a person at a terminal reads
        return WRONG_SETTING
    return 0


if __name__ == "__main__":
    sys.exit(main())
