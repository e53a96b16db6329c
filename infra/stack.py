"""The stack composes; what things are is said by the constructs."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.chat import Chat
from infra.data import Data
from infra.doors import Doors
from infra.edge import Edge
from infra.front import Front
from infra.people import People
from infra.secrets import Secrets
from infra.settlements import Settlements
from infra.stage import Stage
from infra.sweeper import Sweeper
from infra.teller import Teller
from infra.watch import Watch


@dataclass(frozen=True, slots=True)
class Zips:
    """The code of the chat door, and of all others."""

    chat: lambda_.Code
    doors: lambda_.Code


class RealMultiLLM(Stack):
    """Bring your own keys: one API in front of every LLM provider."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, zips: Zips) -> None:
        super().__init__(
            scope,
            id_,
            description="RealMultiLLM: bring your own keys, one API in front of every LLM provider",
            termination_protection=stage.keep_data,
        )
        data = Data(self, "Data", stage=stage)
        secrets = Secrets(self, "Secrets", stage=stage)
        people = People(self, "People", stage=stage)
        settlements = Settlements(self, "Settlements")
        environment = _environment(stage, data, secrets, people, settlements)
        doors = Doors(
            self,
            "Doors",
            stage=stage,
            code=zips.doors,
            environment=environment,
            data=data,
            secrets=secrets,
            people=people,
        )
        chat = Chat(
            self,
            "Chat",
            stage=stage,
            code=zips.chat,
            environment=environment,
            data=data,
            secrets=secrets,
            settlements=settlements,
        )
        sweeper = Sweeper(
            self,
            "Sweeper",
            stage=stage,
            code=zips.doors,
            environment=environment,
            data=data,
            settlements=settlements,
        )
        Teller(self, "Teller", stage=stage, code=zips.doors, environment=environment, data=data, secrets=secrets)
        front: Edge | Front
        if stage.edge:
            front = Edge(self, "Edge", stage=stage, chat=chat.answers, doors=doors.all)
            addresses = {"Url": front.url, **front.records}
        else:
            front = Front(self, "Front", stage=stage, doors=doors.all, people=people)
            addresses = {"ApiUrl": front.url, "ChatUrl": chat.add_url(stage)}
        Watch(
            self,
            "Watch",
            stage=stage,
            chat=chat.door.function,
            sweeper=sweeper.door.function,
            doors=doors.all,
            answered_5xx=front.answered_5xx,
        )
        for name, value in addresses.items():  # what a program has to be told; none of it is a secret (threat I14)
            CfnOutput(self, name, value=value)


def _environment(
    stage: Stage, data: Data, secrets: Secrets, people: People, settlements: Settlements
) -> Mapping[str, str]:
    """What every door reads (docs/configuration.md): names and ids."""
    given = {
        "REALMULTILLM_TABLE": data.table.table_name,
        "REALMULTILLM_KEY": secrets.key.key_arn,
        "REALMULTILLM_USER_POOL": people.pool.user_pool_id,
        "REALMULTILLM_USER_POOL_CLIENT": people.client.user_pool_client_id,
        "REALMULTILLM_SETTLEMENTS": settlements.queue.queue_url,
        "REALMULTILLM_LOG_LEVEL": stage.log_level,
        "REALMULTILLM_PROVIDER_URLS": stage.provider_urls,
        "REALMULTILLM_EGRESS_ALLOW": stage.egress_allow,
        "REALMULTILLM_COUNTRY_HEADER": stage.country_header,
    }
    return {name: value for name, value in given.items() if value is not None}
