"""What cdk-nag's AwsSolutions rules find and we leave on purpose. Whatever is not acknowledged with its reason fails `make synth`."""

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """The rule (`COG2`) does not hold of this construct and all within it, for that reason."""
    cdk.Validations.of(construct).acknowledge(
        cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
