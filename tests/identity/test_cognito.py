"""Accounts in a user pool, where they differ from the table's: what Cognito decides, and what happens when it does not answer."""

import asyncio
from typing import Any

import pytest

from shared.aws.operation import NoAnswer, Refused
from shared.errors import InvalidRequest, StorageUnavailable, Unauthenticated
from shared.identity.cognito import CognitoAccounts, spell_password
from shared.identity.passwords import LONGEST
from shared.storage.erase import bury_owner, erase_owner
from tests.fakes.services import CountingTable, FixedClock
from tests.identity.conftest import EMAIL, PASSWORD, OnAws, unverified

SILENT = NoAnswer("cognito-idp AdminInitiateAuth: upstream_timeout")
THROTTLED = Refused("TooManyRequestsException", "slow down", status=400)
BROKEN = Refused("InternalErrorException", "oops", status=500)
DENIED = Refused("AccessDeniedException", "User: arn:aws:sts::1:x is not authorized", status=400)


def wrong(code: str, message: str = "of arn:aws:cognito-idp") -> Refused:
    return Refused(code, message, status=400)


@pytest.fixture
def accounts(on_aws: OnAws) -> CognitoAccounts:
    return on_aws.process()


async def test_the_token_is_cognitos_access_token_and_knows_no_email(accounts: CognitoAccounts, on_aws: OnAws) -> None:
    """What the authorizer in front of the doors asks for: issuer and client; and nothing of the person but an opaque id."""
    claims = unverified((await accounts.sign_up(EMAIL, PASSWORD)).token)

    assert (claims["iss"], claims["client_id"], claims["token_use"]) == (on_aws.issuer, on_aws.client_id, "access")
    assert EMAIL not in str(claims)


async def test_people_are_in_the_group_of_their_role(accounts: CognitoAccounts) -> None:
    first = unverified((await accounts.sign_up(EMAIL, PASSWORD)).token)
    second = unverified((await accounts.sign_up("bob@example.com", PASSWORD)).token)

    assert sorted(first["cognito:groups"]) == ["admin", "user"]
    assert second["cognito:groups"] == ["user"]


@pytest.mark.parametrize(
    "claims",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"origin_jti": None},
        {"origin_jti": 5},
        {"origin_jti": "11111111-2222-3333-4444-555555555555"},
    ],
)
async def test_a_token_of_another_client_or_session_is_refused(
    accounts: CognitoAccounts, on_aws: OnAws, claims: dict[str, Any]
) -> None:
    """Threat I2: even with Cognito's own signature."""
    session = await accounts.sign_up(EMAIL, PASSWORD)

    with pytest.raises(Unauthenticated):
        await accounts.verify(await on_aws.forge(session.token, claims, {}))


async def test_whoever_asks_cognito_without_us_has_no_session(accounts: CognitoAccounts, on_aws: OnAws) -> None:
    """A right password at Cognito itself, past our throttle, gives a good signature and nothing more."""
    await accounts.sign_up(EMAIL, PASSWORD)
    token = on_aws.aws.boto3("cognito-idp").admin_initiate_auth(
        UserPoolId=on_aws.pool,
        ClientId=on_aws.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": spell_password(PASSWORD)},
    )["AuthenticationResult"]["AccessToken"]

    with pytest.raises(Unauthenticated):
        await accounts.verify(token)


async def test_who_can_write_the_table_alone_becomes_no_admin(accounts: CognitoAccounts, table: CountingTable) -> None:
    """Threat A5w: an admin is one by Cognito's signature too."""
    await accounts.sign_up(EMAIL, PASSWORD)
    bob = await accounts.sign_up("bob@example.com", PASSWORD)
    for item in table.items.values():
        if "is_active" in item:
            item["role"] = "admin"

    assert (await accounts.verify(bob.token)).role == "user"


async def test_who_joins_or_leaves_the_group_is_admin_or_not_from_the_next_refresh_on(
    accounts: CognitoAccounts, on_aws: OnAws
) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)
    bob = await accounts.sign_up("bob@example.com", PASSWORD)
    cognito = on_aws.aws.boto3("cognito-idp")
    member = {"UserPoolId": on_aws.pool, "Username": "bob@example.com", "GroupName": "admin"}

    cognito.admin_add_user_to_group(**member)
    risen = await accounts.refresh(bob.refresh_token)
    assert (risen.user.role, (await on_aws.process().verify(risen.token)).role) == ("admin", "admin")
    cognito.admin_remove_user_from_group(**member)
    fallen = await accounts.refresh(risen.refresh_token)

    assert (fallen.user.role, (await on_aws.process().verify(fallen.token)).role) == ("user", "user")
    assert (await on_aws.process().verify(risen.token)).role == "user"


async def test_who_is_disabled_at_cognito_neither_signs_in_nor_goes_on(
    accounts: CognitoAccounts, on_aws: OnAws
) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    on_aws.aws.boto3("cognito-idp").admin_disable_user(UserPoolId=on_aws.pool, Username=EMAIL)
    with pytest.raises(Unauthenticated, match="The e-mail or the password"):
        await accounts.sign_in(EMAIL, PASSWORD)
    on_aws.faulty.plan(wrong("NotAuthorizedException", "User is disabled."))  # moto refreshes the disabled too

    with pytest.raises(Unauthenticated):
        await accounts.refresh(session.refresh_token)
    with pytest.raises(Unauthenticated):
        await accounts.verify(session.token)


@pytest.mark.parametrize(
    "code",
    ["NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException", "PasswordResetRequiredException"],
)
async def test_every_reason_not_to_let_somebody_in_has_the_same_words(
    accounts: CognitoAccounts, on_aws: OnAws, code: str
) -> None:
    """Threat I1. As many questions are asked, too: what is slow of a sign-in is Cognito's, which is told to tell no difference."""
    await accounts.sign_up(EMAIL, PASSWORD)
    before = on_aws.faulty.calls
    on_aws.faulty.plan(wrong(code))
    with pytest.raises(Unauthenticated) as refused:
        await accounts.sign_in(EMAIL, PASSWORD)

    assert refused.value.message == "The e-mail or the password is wrong."
    assert on_aws.faulty.calls == before + 1


async def test_an_unknown_email_costs_as_many_questions_as_a_wrong_password(
    accounts: CognitoAccounts, on_aws: OnAws, table: CountingTable
) -> None:
    """Threat I1."""
    await accounts.sign_up(EMAIL, PASSWORD)
    costs = []
    for email in (EMAIL, "nobody@example.com"):
        before = on_aws.faulty.calls, table.reads
        with pytest.raises(Unauthenticated):
            await accounts.sign_in(email, "wrong horse")
        costs.append((on_aws.faulty.calls - before[0], table.reads - before[1]))

    assert costs == [(1, 0), (1, 0)]


@pytest.mark.parametrize("fault", [SILENT, THROTTLED, BROKEN])
async def test_a_fault_that_passes_is_not_noticed(accounts: CognitoAccounts, on_aws: OnAws, fault: Exception) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)
    on_aws.faulty.plan(fault)

    assert (await accounts.sign_in(EMAIL, PASSWORD)).user.email == EMAIL


@pytest.mark.parametrize(
    "fault", [SILENT, THROTTLED, BROKEN, DENIED, wrong("ResourceNotFoundException"), wrong("InvalidParameterException")]
)
async def test_a_fault_that_stays_is_503_never_401(accounts: CognitoAccounts, on_aws: OnAws, fault: Exception) -> None:
    """Fault 26. faults.md, Cognito down; trap 74."""
    session = await accounts.sign_up(EMAIL, PASSWORD)
    for ask in (accounts.sign_in(EMAIL, PASSWORD), accounts.refresh(session.refresh_token)):
        on_aws.faulty.plan(*[fault] * 2)
        with pytest.raises(StorageUnavailable) as refused:
            await ask

        assert "arn" not in refused.value.message
        assert refused.value.retry_after == 1
    assert (await accounts.verify(session.token)).email == EMAIL


async def test_a_refresh_token_is_still_good_after_cognito_did_not_answer(
    accounts: CognitoAccounts, on_aws: OnAws
) -> None:
    session = await accounts.sign_up(EMAIL, PASSWORD)
    on_aws.faulty.plan(SILENT, SILENT)
    with pytest.raises(StorageUnavailable):
        await accounts.refresh(session.refresh_token)

    assert (await accounts.refresh(session.refresh_token)).user == session.user


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_sign_up_that_stops_half_way_is_finished_by_signing_in(
    accounts: CognitoAccounts, on_aws: OnAws, at: int
) -> None:
    """After the account was made, before its password is permanent, its group known, or its first session begun."""
    on_aws.faulty.plan(*[None] * at, DENIED)
    with pytest.raises(StorageUnavailable):
        await accounts.sign_up(EMAIL, PASSWORD)

    session = await accounts.sign_in(EMAIL, PASSWORD)
    assert session.user.role == "admin"
    assert (await accounts.verify(session.token)).email == EMAIL
    with pytest.raises(Unauthenticated):
        await accounts.sign_in(EMAIL, "wrong horse")


async def test_whom_the_operator_invited_signs_in_with_what_they_were_sent(
    accounts: CognitoAccounts, on_aws: OnAws
) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)
    on_aws.aws.boto3("cognito-idp").admin_create_user(
        UserPoolId=on_aws.pool, Username="carol@example.com", TemporaryPassword="x%y#zzzz", MessageAction="SUPPRESS"
    )
    session = await accounts.sign_in("carol@example.com", "x%y#zzzz")

    assert (session.user.email, session.user.role) == ("carol@example.com", "user")
    assert (await accounts.verify(session.token)).owner == session.user.id


async def test_an_account_that_was_made_although_the_answer_was_lost_is_not_made_twice(
    accounts: CognitoAccounts, on_aws: OnAws
) -> None:
    on_aws.faulty.plan(SILENT, lost=True)
    with pytest.raises(StorageUnavailable):
        await accounts.sign_up(EMAIL, PASSWORD)

    assert [operation for operation, _ in on_aws.faulty.asked] == ["AdminCreateUser"]
    assert (await accounts.sign_in(EMAIL, PASSWORD)).user.email == EMAIL


@pytest.mark.parametrize(
    ("code", "parameter"), [("InvalidPasswordException", "password"), ("InvalidParameterException", "email")]
)
async def test_what_the_pool_does_not_take_is_refused_by_name(
    accounts: CognitoAccounts, on_aws: OnAws, code: str, parameter: str
) -> None:
    on_aws.faulty.plan(wrong(code))
    with pytest.raises(InvalidRequest) as refused:
        await accounts.sign_up(EMAIL, PASSWORD)

    assert refused.value.parameter == parameter
    assert "arn" not in refused.value.message


async def test_an_email_longer_than_cognito_takes_is_refused_by_name(accounts: CognitoAccounts) -> None:
    domain = ".".join(["d" * 60] * 2)
    with pytest.raises(InvalidRequest) as refused:
        await accounts.sign_up(f"somebody@{domain}.example", PASSWORD)

    assert refused.value.parameter == "email"


async def test_a_second_factor_is_not_called_a_wrong_password(on_aws: OnAws) -> None:
    class Asks:
        async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
            return {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"}

        async def close(self) -> None:
            return

    on_aws.faulty = Asks()  # type: ignore[assignment]  # a transport too
    with pytest.raises(Unauthenticated, match="more than a password"):
        await on_aws.process().sign_in(EMAIL, PASSWORD)


async def test_no_message_goes_to_anybody_and_nothing_is_called_verified(
    accounts: CognitoAccounts, on_aws: OnAws
) -> None:
    await accounts.sign_up(EMAIL, PASSWORD)
    operation, made = on_aws.faulty.asked[0]

    assert (operation, made["MessageAction"]) == ("AdminCreateUser", "SUPPRESS")
    assert made["UserAttributes"] == [{"Name": "email", "Value": EMAIL}]


async def test_no_token_of_cognitos_own_leaves_the_house_or_lies_in_the_table(
    accounts: CognitoAccounts, on_aws: OnAws, table: CountingTable
) -> None:
    """Its refresh token would go past our door: it is sealed under ours, of which the table has a digest alone."""
    session = await accounts.sign_up(EMAIL, PASSWORD)
    await accounts.refresh(session.refresh_token)
    (continued,) = [
        payload["AuthParameters"]["REFRESH_TOKEN"]
        for _, payload in on_aws.faulty.asked[-1:]
        if payload.get("AuthFlow") == "REFRESH_TOKEN_AUTH"
    ]

    assert continued not in session.refresh_token
    assert not [item for item in table.items.values() if continued in str(item)]


async def test_of_many_first_sign_ups_at_once_one_is_in_the_group_of_admins(
    accounts: CognitoAccounts, on_aws: OnAws
) -> None:
    processes = [on_aws.process() for _ in range(8)]
    await asyncio.gather(*(process.sign_up(f"p{n}@example.com", PASSWORD) for n, process in enumerate(processes)))
    admins = on_aws.aws.boto3("cognito-idp").list_users_in_group(UserPoolId=on_aws.pool, GroupName="admin")["Users"]

    assert len(admins) == 1


@pytest.mark.parametrize(
    ("password", "spelt"),
    [
        ("correct-horse", "correct-horse"),
        ("correct horse", "~sha256:0dtJ_d_9kFQqJDVGXq7lZrXUKj1BRxZ_5DrQIr1g8Lo"),
        ("~sha256:0dtJ_d_9kFQqJDVGXq7lZrXUKj1BRxZ_5DrQIr1g8Lo", None),
    ],
)
def test_a_password_that_cognito_takes_is_sent_as_it_is_and_any_other_as_its_digest(
    password: str, spelt: str | None
) -> None:
    sent = spell_password(password)

    assert sent == spelt if spelt and not spelt.startswith("~") else sent.startswith("~sha256:")
    assert sent != password or not password.startswith("~sha256:")


@pytest.mark.parametrize("password", ["p" * LONGEST, "ü" * LONGEST, "a b" * 85, "\ud800 half", "密码" * 100])
def test_no_password_is_longer_than_cognito_takes_or_has_what_it_refuses(password: str) -> None:
    sent = spell_password(password)

    assert len(sent) <= 256
    assert sent.isascii()
    assert not any(character.isspace() for character in sent)


async def test_while_the_key_set_is_out_of_reach_a_session_is_503_never_401(on_aws: OnAws, clock: FixedClock) -> None:
    """Fault 26. faults.md, JWKS down."""
    session = await on_aws.process().sign_up(EMAIL, PASSWORD)
    on_aws.keys_at = "http://127.0.0.1:1/jwks.json"
    with pytest.raises(StorageUnavailable):
        await on_aws.process().verify(session.token)


async def test_who_left_while_cognito_did_not_answer_is_forgotten_there_when_they_come_again(
    accounts: CognitoAccounts, table: CountingTable
) -> None:
    """Threat K10: the table forgot them, and the sweeper may not ask Cognito."""
    gone = await accounts.sign_up(EMAIL, PASSWORD)
    await bury_owner(table, gone.user.id, now=1_800_000_000)
    await erase_owner(table, gone.user.id)

    with pytest.raises(Unauthenticated):
        await accounts.sign_in(EMAIL, PASSWORD)
    assert (await accounts.sign_up(EMAIL, PASSWORD)).user.id != gone.user.id
