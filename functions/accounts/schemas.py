"""Bodies of the accounts door. What is written and what is read are apart, so nothing that is read back can be written (threat I4)."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, Field, PlainSerializer, StringConstraints

from shared.identity.accounts import Session, User
from shared.identity.origins import read_network
from shared.insight.spending import Spending
from shared.providers.find import find_provider
from shared.records.account import Role
from shared.records.token import AccessToken, BudgetPeriod
from shared.web.schemas import Answer, Body, Budget, Moment, moment, write_dollars

Email = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    Field(examples=["alice@example.com"], json_schema_extra={"format": "email"}),
]
Password = Annotated[
    str, StringConstraints(min_length=1, max_length=256), Field(examples=["correct horse battery staple"])
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Field(examples=["laptop"])
]


def _provider_id(name: str) -> str:
    """The name is not repeated: people paste keys into the wrong field."""
    provider = find_provider(name)
    if provider is None:
        raise ValueError("there is no such provider: GET /api/providers lists them")
    return provider.id


def _some[Listed](names: list[Listed]) -> list[Listed]:
    if not names:
        raise ValueError("an empty list would allow nothing: leave it out, or give null, for no restriction")
    return names


NOT_EMPTY = AfterValidator(_some), Field(json_schema_extra={"minItems": 1})
ProviderId = Annotated[
    str, StringConstraints(min_length=1, max_length=40), AfterValidator(_provider_id), Field(examples=["openai"])
]
"""By id or alias; kept by its id."""
ModelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
RouteName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Network = Annotated[
    str,
    StringConstraints(min_length=2, max_length=43),
    AfterValidator(read_network),
    Field(examples=["203.0.113.0/24", "2001:db8::/32"]),
]
"""A network or an address, as CIDR."""
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
Dollars = Annotated[
    Decimal,
    Field(ge=0, max_digits=20, decimal_places=8, examples=["25.00"]),
    PlainSerializer(write_dollars, return_type=str),
]
"""An amount of money: a decimal string, or a number. 0 blocks, null does not limit (trap 68)."""


class Credentials(Body):
    """E-mail and password."""

    email: Email
    password: Password


class Farewell(Body):
    """The caller's password, once more."""

    password: Password


class AccountAnswer(Answer):
    """All that is kept of somebody."""

    account: dict[str, Any]
    kept: dict[str, dict[str, Any]] = Field(
        description="Everything under their name, by its place: configs, access tokens, usage, chats, …"
    )
    audit: list[dict[str, Any]] = Field(description="What they did, and what was done to them.")
    texts: str = Field(
        description="The route of the chat door that gives what is sealed in here: conversations, kept answers."
    )


class RefreshBody(Body):
    """What continues a session."""

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class TokenChange(Body):
    """What may be changed of an access token. A field left out stays, null lifts a limit."""

    name: Name | None = None
    providers: Annotated[list[ProviderId], Field(max_length=100), *NOT_EMPTY] | None = None
    models: Annotated[list[ModelName], Field(max_length=500), *NOT_EMPTY] | None = None
    routes: Annotated[list[RouteName], Field(max_length=100), *NOT_EMPTY] | None = None
    origins: Annotated[list[Network], Field(max_length=100), *NOT_EMPTY] | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    max_concurrent: Count | None = None
    budget_usd: Budget | None = None
    budget_period: BudgetPeriod | None = None
    expires_at: AwareDatetime | None = None

    def given(self) -> dict[str, Any]:
        """The fields that the caller wrote, as the record has them."""
        fields = {name: getattr(self, name) for name in self.model_fields_set}
        for name in ("providers", "models", "routes", "origins"):
            if fields.get(name) is not None:
                fields[name] = tuple(dict.fromkeys(fields[name]))
        if fields.get("expires_at") is not None:
            fields["expires_at"] = int(fields["expires_at"].timestamp())
        return fields


class NewToken(TokenChange):
    """An access token to be."""

    name: Name


class UserAnswer(Answer):
    """A person."""

    id: str
    email: str
    role: Role

    @classmethod
    def of(cls, user: User) -> Self:
        """As they may see themselves."""
        return cls(id=user.id, email=user.email, role=user.role)


class SessionAnswer(Answer):
    """What signing in gives. `token` goes in `Authorization: Bearer`; `refreshToken` is good once."""

    token: str
    refresh_token: str
    expires_at: Moment
    user: UserAnswer

    @classmethod
    def of(cls, session: Session) -> Self:
        """The session, shown to whoever signed in."""
        return cls(
            token=session.token,
            refresh_token=session.refresh_token,
            expires_at=moment(session.expires_at),
            user=UserAnswer.of(session.user),
        )


class WhoAnswer(Answer):
    """Who is signed in."""

    user: UserAnswer


class KeySetAnswer(Answer):
    """A JWK set, RFC 7517."""

    keys: list[dict[str, str]]


class TokenAnswer(Answer):
    """An access token, without its secret."""

    id: str
    name: str
    providers: list[str] | None
    models: list[str] | None
    routes: list[str] | None
    origins: list[str] | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    max_concurrent: int | None
    budget_usd: Dollars | None
    budget_period: BudgetPeriod | None
    expires_at: Moment | None
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, record: AccessToken, /, **more: Any) -> Self:
        """The record as its owner sees it."""
        fields: dict[str, Any] = {name: getattr(record, name) for name in TokenAnswer.model_fields}
        times = {
            name: moment(fields[name])
            for name in ("expires_at", "created_at", "updated_at")
            if fields[name] is not None
        }
        return cls(**{**fields, **times, **more})


class WholeTokenAnswer(TokenAnswer):
    """The one time that the token itself is shown."""

    token: str


class UsedTokenAnswer(TokenAnswer):
    """An access token, and what was used with it."""

    spent_usd: Dollars = Field(
        description="Within the present period of its budget; of a token without one, within this month."
    )
    remaining: Dollars | None = Field(
        description="US dollars that it may still spend in this period, without what running requests hold; null without a budget."
    )
    last_used_at: Moment | None = Field(
        description="When a request that providers answer was last let in with it; null where there was none for 40 days."
    )

    @classmethod
    def using(cls, record: AccessToken, spending: Spending) -> Self:
        """The record, and what was spent with it."""
        last = None if spending.last is None else moment(spending.last)
        return cls.of(record, spent_usd=spending.spent, remaining=spending.remaining, last_used_at=last)


class TokensAnswer(Answer):
    """All of them."""

    tokens: list[UsedTokenAnswer]
