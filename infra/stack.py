"""The stack composes; what things are is said by the constructs."""

from aws_cdk import Stack
from constructs import Construct

from infra.data import Data


class RealMultiLLM(Stack):
    """So far the table alone: the doors join it when they are deployed as Lambdas."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_, description="Bring your own keys: one API in front of every LLM provider")
        self.data = Data(self, "Data")
