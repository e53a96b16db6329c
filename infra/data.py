"""Where everything is kept: the one table."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.stage import Stage
from shared.storage.layout import audit_entries


class Data(Construct):
    """The table of `shared/storage/layout.py`. It costs nothing while nobody asks.

    Table and not TableV2: the latter cannot be encrypted in a stack that names no region. Encrypted under DynamoDB's own KMS key: who may read the
    table needs no right to decrypt, and the one key of ours (infra/secrets.py) opens provider keys and nothing else.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage) -> None:
        super().__init__(scope, id_)
        own = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            deletion_protection=stage.keep_data,
            removal_policy=RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY,
        )
        self.table: dynamodb.ITable = own
        if stage.table is not None:
            self.table = dynamodb.Table.from_table_name(self, "Restored", stage.table)

    def grant(self, role: iam.Role, *actions: str, partitions: Sequence[str] = ()) -> None:
        """These operations on this table, each by its name in DynamoDB's API; but no entry of the audit log is ever changed or deleted (threat I12).

        `partitions`: on items whose `pk` is one of these alone, where `*` stands for the rest of it.
        """
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[f"dynamodb:{action}" for action in actions],
                resources=[self.table.table_arn],
                conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [*partitions]}} if partitions else None,
            )
        )
        if changing := sorted({"UpdateItem", "DeleteItem"} & set(actions)):
            role.add_to_policy(
                iam.PolicyStatement(
                    effect=iam.Effect.DENY,
                    actions=[f"dynamodb:{action}" for action in changing],
                    resources=[self.table.table_arn],
                    conditions={"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": [audit_entries().pk]}},
                )
            )
