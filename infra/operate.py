"""What an operator does by hand, and rarely: `python -m infra.operate delete-user --stage prod --email someone@example.com`.

It acts as whoever's AWS credentials are in the environment, in a profile or in a single sign-on, as the CDK does; boto3 finds them.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from typing import IO, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import StorageUnavailable
from shared.services import Services
from shared.settings import Settings, read_settings
from shared.storage.erase import bury_owner, erase_owner

NOT_DONE: Final = 1
_A_DOOR: Final = "DoorsAccountsFunction"
"""How the CDK names the function that is told of table, key and pool like all others."""
_STACK: Final = "RealMultiLLM-"


class NotThere(Exception):
    """What was named is not there. The message says which."""


def environment_of(stack: str, session: boto3.Session) -> Mapping[str, str]:
    """What the doors of that stack are told, and this session's own region and credentials.

    Raises:
        NotThere: it is no stack of ours, or nobody has credentials here.
    """
    resources = session.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    doors = [
        each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::Lambda::Function" and each["LogicalResourceId"].startswith(_A_DOOR)
    ]
    credentials = session.get_credentials()
    if not doors or credentials is None:
        raise NotThere(f"{stack} has no accounts door" if credentials else "There are no AWS credentials here")
    told = session.client("lambda").get_function_configuration(FunctionName=doors[0])
    own = credentials.get_frozen_credentials()
    given = {
        "AWS_REGION": session.region_name,
        "AWS_ACCESS_KEY_ID": own.access_key,
        "AWS_SECRET_ACCESS_KEY": own.secret_key,
        "AWS_SESSION_TOKEN": own.token,
        "AWS_ENDPOINT_URL": os.environ.get("AWS_ENDPOINT_URL"),
    }
    return {**told["Environment"]["Variables"], **{name: value for name, value in given.items() if value}}


async def delete_user(settings: Settings, email: str, pool: Any) -> str:
    """Everything of that person, what can still act first, and the account in the pool at last; their id. `pool` is boto3's client of Cognito.

    Raises:
        NotThere: the pool knows nobody of that e-mail.
    """
    home = settings.aws
    if home is None:
        raise NotThere("These are not the settings of a home on AWS")
    try:
        found = pool.admin_get_user(UserPoolId=home.user_pool, Username=email)
    except pool.exceptions.UserNotFoundException as error:
        raise NotThere("The pool knows nobody of that e-mail") from error
    owner: str = next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")
    pool.admin_disable_user(UserPoolId=home.user_pool, Username=email)
    services = Services(settings)
    try:
        await services.audit.add("account.deleted", subject=owner, details={"by": "operator"})
        await bury_owner(services.table, owner, now=services.now())
        await erase_owner(services.table, owner)
    finally:
        await services.close()
    pool.admin_delete_user(UserPoolId=home.user_pool, Username=email)
    return owner


def main() -> int:
    """Do it; 1 when it cannot be done. What was begun can be begun again."""
    parser = argparse.ArgumentParser(prog="python -m infra.operate", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("delete-user", help="everything that is kept of a person")
    command.add_argument("--stage", required=True)
    command.add_argument("--email", required=True)
    wished = parser.parse_args()
    session = boto3.Session()
    try:
        settings = read_settings(environment_of(f"{_STACK}{wished.stage}", session))
        owner = asyncio.run(delete_user(settings, wished.email, session.client("cognito-idp")))
    except (NotThere, BotoCoreError, ClientError, StorageUnavailable) as error:
        return _say(f"realmultillm: {error}", sys.stderr) or NOT_DONE
    return _say(f"{owner} is deleted. Backups hold copies until they end, 35 days from now.", sys.stdout)


def _say(text: str, where: IO[str]) -> int:
    print(text, file=where)
    return 0


if __name__ == "__main__":
    sys.exit(main())
