"""AWS for tests: moto behind a socket of this machine, one call at a time (under threads it over-admits), and faults that moto knows nothing of."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import count
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from shared.aws.json_service import COGNITO, DYNAMODB, KMS, SQS, JsonService, Service
from shared.aws.operation import Ask
from shared.aws.own_identity import OwnIdentity
from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Timeouts
from tests.fakes.services import FixedClock

REGION = "eu-central-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "testing"}
SERVICES = {service.name: service for service in (DYNAMODB, KMS, COGNITO, SQS)}
_SIGNED = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
_PATIENT = Timeouts(connect=60, first_byte=60, idle=60, total=120)
"""moto carries out one call after the other: the last of 200 waits for all before it."""
_numbers = count()


@dataclass
class Aws:
    """A running one: where it is, and boto3's own clients to make things in it with."""

    url: str
    asked: list[tuple[str, str, str]]
    """Who asked which service for which operation, by the access key that signed: `("AKIACHAT", "dynamodb", "GetItem")`."""
    touched: set[tuple[str, str, str]] = field(default_factory=set)
    """Who asked for which operation on what: the `pk` of an item, or the purpose of a data key; what IAM's conditions are about."""
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return self.url.removeprefix("http://")

    def boto3(self, service: str) -> Any:
        if service not in self.clients:
            client: Any = boto3.client  # its stubs know each service by its own name
            self.clients[service] = client(
                service,
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )
        return self.clients[service]

    def http(self) -> EgressClient:
        """Our own client, that may go there."""
        return EgressClient(Rules(frozenset({self.origin})))

    def ask(self, service: Service, *, client: EgressClient | None = None) -> JsonService:
        """Our own transport."""
        client = client or self.http()
        identity = OwnIdentity(ENVIRONMENT, client=client, now=FixedClock())
        service = replace(service, timeouts=_PATIENT)
        return JsonService(service, self.url, REGION, client=client, identity=identity, now=FixedClock())

    def create_table(self) -> str:
        """The one table, as the stack makes it; its name."""
        name = f"table{next(_numbers)}"
        self.boto3("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def create_key(self) -> str:
        """A key; its ARN."""
        arn: str = self.boto3("kms").create_key()["KeyMetadata"]["Arn"]
        return arn

    def create_queue(self) -> str:
        """A queue that shows again after two minutes what was taken and not deleted, as the stack makes it; its URL."""
        name = f"queue{next(_numbers)}"
        url: str = self.boto3("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
        return url

    def create_user_pool(self) -> tuple[str, str]:
        """A pool as the stack makes it, closed, with its groups; its id and its app client's."""
        cognito = self.boto3("cognito-idp")
        policy = {f"Require{kind}": False for kind in ("Uppercase", "Lowercase", "Numbers", "Symbols")}
        pool = cognito.create_user_pool(
            PoolName="people",
            UsernameAttributes=["email"],
            UsernameConfiguration={"CaseSensitive": False},
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
            Policies={"PasswordPolicy": {"MinimumLength": 8, **policy}},
        )["UserPool"]["Id"]
        for group in ("admin", "user"):
            cognito.create_group(UserPoolId=pool, GroupName=group)
        client = cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName="doors",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
        )["UserPoolClient"]["ClientId"]
        return pool, client

    def settings(self) -> dict[str, str]:
        """What the stack tells every door, of things made afresh."""
        pool, client = self.create_user_pool()
        return {
            **ENVIRONMENT,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "REALMULTILLM_TABLE": self.create_table(),
            "REALMULTILLM_KEY": self.create_key(),
            "REALMULTILLM_USER_POOL": pool,
            "REALMULTILLM_USER_POOL_CLIENT": client,
            "REALMULTILLM_SETTLEMENTS": self.create_queue(),
        }


class _Silent(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Nothing of each request."""


@contextmanager
def moto_server() -> Iterator[Aws]:
    """moto on a free port of 127.0.0.1, until the context is left."""
    logging.getLogger("moto").setLevel(logging.ERROR)
    asked: list[tuple[str, str, str]] = []
    touched: set[tuple[str, str, str]] = set()
    app = _one_at_a_time(DomainDispatcherApplication(create_backend_app), asked, touched)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    aws = Aws(f"http://127.0.0.1:{server.server_port}", asked, touched)
    try:
        yield aws
    finally:
        for client in aws.clients.values():
            client.close()
        server.shutdown()
        server.server_close()
        serving.join()


def _one_at_a_time(
    app: Any, asked: list[tuple[str, str, str]], touched: set[tuple[str, str, str]]
) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    lock = threading.Lock()

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with lock:
            if found := _SIGNED.search(environ.get("HTTP_AUTHORIZATION", "")):
                operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
                asked.append((found[1], found[2], operation))
                touched.update((found[1], operation, what) for what in _touched(_body(environ)))
            answer = app(environ, start_response)
            try:
                return [b"".join(answer)]
            finally:
                if hasattr(answer, "close"):
                    answer.close()

    return serve


def _body(environ: dict[str, Any]) -> dict[str, Any]:
    """Of a call in JSON; it is put back for whoever reads it next."""
    text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(text)
    body: dict[str, Any] = json.loads(text) if text.startswith(b"{") else {}
    return body


def _touched(body: dict[str, Any]) -> Iterator[str]:
    for place in ("Key", "Item"):
        if "pk" in body.get(place, {}):
            yield body[place]["pk"]["S"]
    if ":pk" in body.get("ExpressionAttributeValues", {}) and "KeyConditionExpression" in body:
        yield body["ExpressionAttributeValues"][":pk"]["S"]
    for name in ("EncryptionContext", "SourceEncryptionContext", "DestinationEncryptionContext"):
        if "purpose" in body.get(name, {}):
            yield body[name]["purpose"]


class Faulty:
    """Raises what is planned, call by call; a `lost` fault is raised after the call was carried out. Then passes calls on."""

    def __init__(self, ask: Ask, *faults: Exception | None, lost: bool = False) -> None:
        self._ask = ask
        self._faults = list(faults)
        self._lost = lost
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    @property
    def calls(self) -> int:
        return len(self.asked)

    def plan(self, *faults: Exception | None, lost: bool = False) -> None:
        """From now on."""
        self._faults, self._lost = list(faults), lost

    async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, payload))
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None and not self._lost:
            raise fault
        answer = await self._ask(operation, payload)
        if fault is not None:
            raise fault
        return answer

    async def close(self) -> None:
        """Nothing of its own."""
