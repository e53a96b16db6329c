"""Bodies of the admin door. What comes in is strict; what goes out has no field that a key could be in (threat K6)."""

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PlainSerializer, SecretStr, StringConstraints

from shared.errors import InvalidRequest
from shared.insight.spending import Spending
from shared.records.account import Account, Role
from shared.records.alert import Alert, AlertKind, Telling
from shared.records.audit import Action, AuditEntry
from shared.records.config import KeyStatus, ProviderConfig
from shared.records.limits import Limits, Scope, ScopeKind
from shared.records.policy import Judge, Moderation, ProviderPolicy, SharedWith, SignUp, Webhook
from shared.records.token import BudgetPeriod
from shared.records.usage import Counts
from shared.settings import SHORTEST_SECRET
from shared.web.keys import KeyText, KeyTrial
from shared.web.models import Dollars as ExactDollars
from shared.web.schemas import Answer, Body, Budget, Moment, moment, write_dollars
from shared.web.times import Time
from shared.web.usage import CostReport, UsageReport, failed

MOST_IDS = 1000

Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ModelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
Dollars = Annotated[
    Decimal,
    Field(ge=0, max_digits=20, decimal_places=8, examples=["25.00"]),
    PlainSerializer(write_dollars, return_type=str),
]
"""An amount of money: a decimal string, or a number. 0 blocks, null does not limit (trap 68)."""


def _check_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("a secret is one word of visible ASCII characters, as `openssl rand -hex 32` makes it")
    return secret


WebhookSecret = Annotated[SecretStr, Field(min_length=SHORTEST_SECRET, max_length=256), AfterValidator(_check_secret)]


class UserChange(Body):
    """What may be changed of a person: what is left out stays."""

    role: Role | None = None
    is_active: bool | None = None


class PersonAnswer(Answer):
    """A person, as admins see them."""

    id: str
    email: str
    role: Role
    is_active: bool
    created_at: Moment

    @classmethod
    def of(cls, account: Account) -> Self:
        """Without the password's hash."""
        return cls(
            id=account.owner,
            email=account.email,
            role=account.role,
            is_active=account.is_active,
            created_at=moment(account.created_at),
        )


class PeopleAnswer(Answer):
    """A page of them."""

    users: list[PersonAnswer]
    next: str | None = Field(description="`after` of the next page; null at the end.")


class SignUpBody(Body):
    """Whether people may sign up."""

    sign_up: SignUp


class SignUpAnswer(Answer):
    """Whether people may sign up."""

    sign_up: SignUp


class UserUseAnswer(Answer):
    """What a person used."""

    id: str
    email: str
    requests: int
    errors: int
    input_tokens: int
    output_tokens: int
    cost_usd: ExactDollars | None = Field(description="Null where the cost of none of them is known.")
    unpriced_requests: int = Field(description="Requests whose cost is unknown: the sum lacks them.")

    @classmethod
    def of(cls, account: Account, counts: Counts) -> Self:
        """As it was counted."""
        return cls(
            id=account.owner,
            email=account.email,
            requests=counts.requests,
            errors=failed(counts),
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
            cost_usd=counts.cost_usd if counts.unpriced < counts.requests else None,
            unpriced_requests=counts.unpriced,
        )

    def weight(self) -> tuple[Decimal, int]:
        """Who spends most stands first."""
        return self.cost_usd or Decimal(0), self.requests


class TotalsAnswer(Answer):
    """The installation in numbers."""

    users: int
    admins: int
    inactive_users: int
    configs: dict[str, int] = Field(description="Stored keys by provider, shared ones among them.")
    usage: UsageReport
    costs: CostReport
    by_user: list[UserUseAnswer] | None = Field(
        description="With `groupBy=user` who used anything, who spent most first; else null."
    )


class LimitsBody(Body):
    """What may be used; null or left out does not limit."""

    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    max_concurrent: Count | None = None
    budget_usd: Budget | None = None
    budget_period: BudgetPeriod | None = None

    def read(self) -> Limits:
        """As they are kept, in place of all that were."""
        return self.applied_to(Limits(), whole=True)

    def applied_to(self, before: Limits, prefix: str = "", *, whole: bool = False) -> Limits:
        """Those of before with what is named here; `whole`: with what is left out, too. A budget has a period, and nothing else has.

        Raises:
            InvalidRequest: there is a period without a budget; `prefix` stands before its name.
        """
        named = Limits.__dataclass_fields__ if whole else self.model_fields_set
        limits = replace(before, **{name: getattr(self, name) for name in named})
        if limits.budget_usd is not None:
            return replace(limits, budget_period=limits.period)
        if self.budget_period is not None:
            raise InvalidRequest(
                "`budgetPeriod` is how often a budget begins anew: give `budgetUsd` with it, or leave it out.",
                parameter=f"{prefix}budgetPeriod",
            )
        return replace(limits, budget_period=None)


class LimitsAnswer(Answer):
    """What may be used; null does not limit."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    max_concurrent: int | None
    budget_usd: Dollars | None
    budget_period: BudgetPeriod | None

    @classmethod
    def of(cls, limits: Limits) -> Self:
        """As they are shown."""
        return cls(**{name: getattr(limits, name) for name in Limits.__dataclass_fields__})


class ScopedLimitsBody(LimitsBody):
    """The limits of a scope, in place of those it had; all null lifts them."""

    scope: Literal["organisation", "user", "provider", "model"]
    id: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = Field(
        default=None,
        description="Of the user, the provider, or the model as provider/model; none for the organisation. "
        "`default` of `scope`: user is everybody who has no limits of their own.",
    )


class ScopedLimitsAnswer(LimitsAnswer):
    """The limits of a scope, and what it spent."""

    scope: ScopeKind
    id: str
    spent_usd: Dollars = Field(description="Within the present period, as far as it had limits.")
    remaining: Dollars | None = Field(
        description="US dollars that may still be spent in this period, without what running requests hold; null without a budget."
    )

    @classmethod
    def for_scope(cls, scope: Scope, limits: Limits, spending: Spending) -> Self:
        """As they are shown."""
        return cls(
            scope=scope.kind,
            id=scope.id,
            spent_usd=spending.spent,
            remaining=spending.remaining,
            **dict(LimitsAnswer.of(limits)),
        )


class AllLimitsAnswer(Answer):
    """All limits that admins set; those of users page by page."""

    limits: list[ScopedLimitsAnswer]
    next: str | None = Field(description="`after` of the next page of users; null at the end.")


class SharingBody(Body):
    """Who may use the installation's own key, and how much all of them together: what is left out stays, null lifts a limit."""

    to: SharedWith | None = None
    ids: Annotated[list[Id], Field(max_length=MOST_IDS)] | None = Field(
        default=None, description="Of users, or of access tokens, as `to` says."
    )
    limits: LimitsBody | None = Field(default=None, description="Null lifts them all.")


class SharingAnswer(Answer):
    """Who may use the installation's own key."""

    to: SharedWith
    ids: list[str]
    limits: LimitsAnswer


class SharedKeyBody(Body):
    """The installation's own key of this provider."""

    api_key: KeyText | None = Field(default=None, description="None where the provider needs none.")
    base_url: Annotated[str, Field(max_length=2048)] | None = None
    test: bool = Field(default=True, description="Try the key first, and refuse it if the provider does.")


class ProviderBody(Body):
    """What is decided of a provider: what is left out stays, null takes it back."""

    is_enabled: bool | None = None
    models: Annotated[list[ModelName], Field(max_length=1000)] | None = Field(
        default=None, description="The only models that may be used, by the provider's own names; null is all."
    )
    sharing: SharingBody | None = None
    shared_key: SharedKeyBody | None = Field(default=None, description="Null forgets it.")


class SharedKeyAnswer(Answer):
    """The installation's own key, by its fingerprint."""

    fingerprint: str | None
    key_status: KeyStatus
    base_url: str | None
    updated_at: Moment


class ProviderPolicyAnswer(Answer):
    """What holds for a provider."""

    provider: str
    name: str
    is_enabled: bool
    models: list[str] | None
    sharing: SharingAnswer
    shared_key: SharedKeyAnswer | None

    @classmethod
    def of(cls, name: str, policy: ProviderPolicy, config: ProviderConfig | None) -> Self:
        """As it is shown."""
        sharing = policy.sharing
        return cls(
            provider=policy.provider,
            name=name,
            is_enabled=policy.is_enabled,
            models=None if policy.models is None else list(policy.models),
            sharing=SharingAnswer(to=sharing.to, ids=list(sharing.ids), limits=LimitsAnswer.of(sharing.limits)),
            shared_key=SharedKeyAnswer(
                fingerprint=config.fingerprint,
                key_status=config.key_status,
                base_url=config.base_url,
                updated_at=moment(config.updated_at),
            )
            if config
            else None,
        )


class ProviderPoliciesAnswer(Answer):
    """What holds for all of them."""

    providers: list[ProviderPolicyAnswer]


class ChangedPolicyAnswer(ProviderPolicyAnswer):
    """What holds now, and what came of trying the key; null when none was tried."""

    test_result: KeyTrial | None


class AuditQuery(Body):
    """Which entries are asked for."""

    before: Annotated[int, Field(ge=1, le=10**12)] | None = Field(
        default=None, description="`next` of the page before."
    )
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    action: Action | None = None
    actor: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="Id of whoever did it."
    )
    subject: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        default=None, description="Id of what it was done to."
    )
    since: Time | None = None
    until: Time | None = None

    def wants(self, entry: AuditEntry) -> bool:
        """It is one of them, as far as `since` does not say."""
        return (
            self.action in {None, entry.action}
            and self.actor in {None, entry.actor}
            and self.subject in {None, entry.subject}
            and (self.until is None or entry.at <= self.until.timestamp())
        )


class AuditEntryAnswer(Answer):
    """One line of the audit log."""

    number: int
    id: str
    at: Moment
    action: Action
    actor: str | None
    credential: str | None = Field(description="The id of the session or access token that it was done with.")
    subject: str | None
    details: dict[str, str]
    previous: str
    digest: str

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """As it is shown."""
        fields: dict[str, Any] = {name: getattr(entry, name) for name in cls.model_fields}
        return cls(**{**fields, "at": moment(entry.at), "details": dict(entry.details)})


class AuditAnswer(Answer):
    """A page of it, the newest first."""

    entries: list[AuditEntryAnswer]
    next: int | None = Field(description="`before` of the next page; null at the end.")


class AlertAnswer(Answer):
    """Something that looked suspicious."""

    id: str
    kind: AlertKind
    subject: str
    at: Moment
    details: dict[str, str]
    telling: Telling = Field(description="Whether the webhook heard of it.")
    tries: int = Field(description="How often the webhook was told and did not hear.")
    failure: str | None = Field(description="Why it did not, the last time: an error's code, or `status 500`.")

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """As it is shown."""
        fields: dict[str, Any] = {name: getattr(alert, name) for name in cls.model_fields}
        return cls(**{**fields, "at": moment(alert.at), "details": dict(alert.details)})


class AlertsAnswer(Answer):
    """A page of them, the newest first."""

    alerts: list[AlertAnswer]
    next: str | None = Field(description="`after` of the next page; null at the end.")


class WebhookBody(Body):
    """Where alerts are told; null is nowhere."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)] | None
    secret: WebhookSecret | None = Field(
        default=None, description="What alerts are signed with; left out, it stays. It goes in and never comes out."
    )


class WebhookAnswer(Answer):
    """Where alerts are told."""

    url: str | None
    fingerprint: str | None = Field(description="Of the secret; null where none is stored.")

    @classmethod
    def of(cls, webhook: Webhook | None) -> Self:
        """As it is shown."""
        return cls(url=webhook.url if webhook else None, fingerprint=webhook.fingerprint if webhook else None)


class ModerationBody(Body):
    """Whether chats are judged, and by whom; in place of what held before."""

    before: bool = Field(default=False, description="Judge what is asked.")
    after: bool = Field(default=False, description="Judge what is answered.")
    by: Annotated[list[Judge], Field(min_length=1, max_length=2)] = Field(default=["rules"])
    words: Annotated[list[Word], Field(max_length=500)] = Field(
        default=[], description="Refused wherever they stand as words, in any case."
    )
    shapes: list[Literal["card_number", "iban", "us_social_security_number", "private_key", "aws_access_key"]] = Field(
        default=[], description="Fixed patterns that are refused."
    )
    provider: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="Who judges, with the installation's own key."
    )
    model: ModelName | None = None
    refuse_unjudged: bool = Field(default=True, description="When the provider that judges does not answer: refuse.")


class ModerationAnswer(Answer):
    """Whether chats are judged, and by whom."""

    before: bool
    after: bool
    by: list[Judge]
    words: list[str]
    shapes: list[str]
    provider: str | None
    model: str | None
    refuse_unjudged: bool

    @classmethod
    def of(cls, moderation: Moderation) -> Self:
        """As it is shown."""
        fields: dict[str, Any] = asdict(moderation)
        return cls.model_validate(fields)
