"""`cdk synth` and `cdk deploy` begin here: `python -m infra.app`. The CDK's command line needs Node 22 or later."""

import os

import aws_cdk as cdk

from infra.stack import RealMultiLLM


def create_app(outdir: str | None = None) -> cdk.App:
    """Everything that is deployed, in a folder of the CDK's choice unless one is named."""
    app = cdk.App(analytics_reporting=False, outdir=outdir)
    RealMultiLLM(app, "RealMultiLLM")
    return app


if __name__ == "__main__":
    # The CDK's command line names its own folder; without it the templates lie where .gitignore expects them.
    create_app(outdir=os.environ.get("CDK_OUTDIR", "cdk.out")).synth()
