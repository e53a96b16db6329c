"""Everything that can go wrong, drawn as a tree. Each error says whose fault it is.

    RealMultiLLMError
    ├── CallerError                   what the caller sent, or may not do
    │   ├── InvalidRequest            400  a field is wrong; names it and the remedy
    │   │   └── UnsupportedParameter  400  this provider cannot do that
    │   ├── ContentRefused            400  moderation refuses what is asked, or what was answered
    │   ├── Unauthenticated           401
    │   ├── Forbidden                 403
    │   ├── NotFound                  404
    │   │   ├── ModelNotFound         404  no provider of the caller's has it
    │   │   └── NothingHeld           404  another's servers would hold it; ours hold nothing
    │   ├── MethodNotAllowed          405
    │   ├── RequestTooSlow            408
    │   ├── Conflict                  409
    │   │   ├── StillAnswering        409  that idempotency key's request is under way
    │   │   └── NotKept               409  it was answered, and the answer cannot be given again
    │   ├── KeyReused                 422  that idempotency key came with another request
    │   ├── RequestTooLarge           413
    │   ├── BudgetSpent               402  a budget allows no more
    │   │   └── ModelUnpriced         402  nobody knows what it may cost
    │   ├── Cancelled                 499  the caller stopped their own answer
    │   └── LimitReached              429  one of our own limits
    ├── ProviderError                 what the provider did
    │   ├── CredentialRejected        424  it refuses the stored key
    │   ├── ProviderBilling           402  it wants money
    │   ├── RequestRefused            as it said (400, 404, 409, 413, 422)
    │   ├── Throttled                 429
    │   │   └── KeyCoolingDown        429  it wanted us to slow down, and the time is not over
    │   ├── CircuitOpen               503  it fails whoever asks, so nobody asks for a while
    │   ├── ProviderFailed            502  5xx, or an error inside a 200
    │   │   └── ProviderOverloaded    503
    │   ├── ProviderTimeout           504
    │   ├── Unreachable               502  no byte of an answer
    │   │   ├── NameNotResolved       502
    │   │   └── TlsFailed             502
    │   ├── BadResponse               502  not what the protocol says
    │   │   ├── NoAnswer              502  a 101, a 204
    │   │   ├── Redirected            502
    │   │   └── BadEncoding           502
    │   └── StreamBroken              502  it began well
    │       ├── StreamStalled · StreamInterrupted · StreamTruncated
    │       └── StreamLimitReached · BadStreamData
    ├── AddressRefused                400  the egress rules forbid that destination
    ├── CredentialCorrupt             424  a stored key does not open: enter it again
    ├── KeyServiceUnavailable         503
    ├── StorageUnavailable            503
    ├── DeadlineReached               504  the platform gives the request no more time
    └── TooBusy                       503  this process holds as many requests as it can

The web layer reads `status`, `code`, `message`, `details` and `retry_after`; the relay reads `worth_retrying`, and
the way through several targets `another_may_answer`. No one else inspects them.
A message is written for the caller. It never holds a key, and nothing of a provider's body that was not masked first.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class RealMultiLLMError(Exception):
    """The root of the tree."""

    status: int = 500
    code: str = "internal_error"
    worth_retrying: ClassVar[bool] = False
    """The same provider may answer the same question in a moment."""
    another_may_answer: ClassVar[bool] = False
    """The next target may, where there is one: nothing here is the caller's to mend, and nothing was billed."""
    headers: Mapping[str, str] = {}
    """What the head of the answer says beside it: a provider's own that callers may see, or what is left of a limit."""

    def __init__(
        self, message: str, *, details: Mapping[str, Any] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.retry_after = retry_after
        """Seconds, when somebody named a time."""


class CallerError(RealMultiLLMError):
    """What the caller sent, or may not do."""

    status = 400
    code = "invalid_request"


class InvalidRequest(CallerError):
    """A field is wrong. `parameter` names it as the caller wrote it, for example `messages[0].content`."""

    def __init__(self, message: str, *, parameter: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, details={**(details or {}), **({"parameter": parameter} if parameter else {})})
        self.parameter = parameter


class UnsupportedParameter(InvalidRequest):
    """The provider cannot do what this parameter asks; it is refused, never dropped in silence."""

    code = "unsupported_parameter"


class ContentRefused(CallerError):
    """This installation's moderation refuses what is asked, or what was about to be said. What was found is not told."""

    code = "content_refused"


class Unauthenticated(CallerError):
    """No credential, a wrong one, or two different ones."""

    status = 401
    code = "unauthenticated"


class Forbidden(CallerError):
    """A known caller who may not do this."""

    status = 403
    code = "forbidden"


class NotFound(CallerError):
    """Absent, or somebody else's: the two look alike."""

    status = 404
    code = "not_found"


class ModelNotFound(NotFound):
    """No provider that the caller has a key of has a model of that name."""

    code = "model_not_found"


class NothingHeld(NotFound):
    """What other gateways' servers hold between requests."""

    code = "nothing_held"


class MethodNotAllowed(CallerError):
    """The route is there, but not for this method."""

    status = 405
    code = "method_not_allowed"


class RequestTooSlow(CallerError):
    """The body did not come in time."""

    status = 408
    code = "request_too_slow"


class Conflict(CallerError):
    """It already is, or has changed meanwhile."""

    status = 409
    code = "conflict"


class StillAnswering(Conflict):
    """The request that came first with this idempotency key is being answered."""

    code = "request_in_progress"


class NotKept(Conflict):
    """What came with this idempotency key was answered, but the answer is not here to be given again."""

    code = "answer_not_kept"
    headers: Mapping[str, str] = {"x-should-retry": "false"}
    """The SDKs of OpenAI and Anthropic ask again after a 409, unless they are told that it is no use (openai 2, anthropic 0.7x; 2026-11)."""


class KeyReused(CallerError):
    """An idempotency key means one request, and this is another. The status is the IETF draft's: draft-ietf-httpapi-idempotency-key-header (2026-11)."""

    status = 422
    code = "idempotency_key_reused"


class RequestTooLarge(CallerError):
    """The body is larger than we take."""

    status = 413
    code = "request_too_large"


class BudgetSpent(CallerError):
    """A budget allows no more; details are `{limit, remaining, resetTime, policy, scope}`, `resetTime` null where nothing renews it."""

    status = 402
    code = "budget_spent"


class ModelUnpriced(BudgetSpent):
    """There is a budget, and no known price of the model; details are the same."""

    code = "model_unpriced"


class Cancelled(CallerError):
    """The caller stopped the answer while it grew. 499 is nginx's word for a request whose caller wants no answer any more."""

    status = 499
    code = "cancelled"


class LimitReached(CallerError):
    """One of our own limits; details are `{limit, remaining, resetTime, policy, scope}`."""

    status = 429
    code = "limit_reached"


class ProviderError(RealMultiLLMError):
    """What the provider did. Details may hold `provider`, `providerStatus`, `providerCode`, `providerType`."""

    status = 502
    code = "upstream_error"
    verbatim: Mapping[str, Any] | None = None
    """The body of its answer, masked, for callers who speak the same dialect."""


class CredentialRejected(ProviderError):
    """401 or 403: the provider refuses the stored key."""

    status = 424
    code = "provider_credential_rejected"


class ProviderBilling(ProviderError):
    """402: the provider wants money first."""

    status = 402
    code = "provider_billing"
    another_may_answer = True


class RequestRefused(ProviderError):
    """400, 404, 409, 413 or 422: the provider does not take this request; the status is the provider's."""

    status = 400
    code = "provider_refused_request"

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "provider_refused_request",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, details=details)
        self.status = status
        self.code = code


class Throttled(ProviderError):
    """The provider wants us to slow down."""

    status = 429
    code = "throttled"
    worth_retrying = True
    another_may_answer = True


class KeyCoolingDown(Throttled):
    """The provider named a time, which is not over yet: nobody was asked."""

    code = "key_cooling_down"
    worth_retrying = False


class CircuitOpen(ProviderError):
    """It failed many callers, so nobody is asked until `retry_after`."""

    status = 503
    code = "circuit_open"
    another_may_answer = True


class ProviderFailed(ProviderError):
    """A 5xx, or an error inside a 200."""

    worth_retrying = True
    another_may_answer = True


class ProviderOverloaded(ProviderFailed):
    """503 or 529."""

    status = 503
    code = "upstream_overloaded"


class ProviderTimeout(ProviderError):
    """Sent, but no first byte in time. It may have been billed, so it is not sent again."""

    status = 504
    code = "upstream_timeout"


class Unreachable(ProviderError):
    """No connection, or it was closed before any byte of an answer, as an idle one may be while we write into it."""

    code = "upstream_unreachable"
    worth_retrying = True
    another_may_answer = True


class NameNotResolved(Unreachable):
    """DNS has no answer."""

    code = "upstream_dns"


class TlsFailed(Unreachable):
    """The certificate is not theirs, or not valid."""

    code = "upstream_tls"
    worth_retrying = False


class BadResponse(ProviderError):
    """Not what the protocol says: an HTML page, an empty 200, no JSON. The body is not echoed."""

    code = "bad_upstream_response"
    worth_retrying = True
    another_may_answer = True


class NoAnswer(BadResponse):
    """A status that has no answer (101, 204, 205): asked again, it would say the same."""

    worth_retrying = False
    another_may_answer = False


class Redirected(BadResponse):
    """A 3xx. Redirects are never followed, and the location is not echoed."""

    code = "upstream_redirect"
    worth_retrying = False
    another_may_answer = False


class BadEncoding(BadResponse):
    """A content encoding that we did not ask for."""

    code = "bad_upstream_encoding"
    worth_retrying = False
    another_may_answer = False


class StreamBroken(ProviderError):
    """It began well. Nothing is retried after the first byte, and nobody else is asked after the first word."""

    code = "stream_interrupted"
    another_may_answer = True


class StreamInterrupted(StreamBroken):
    """The connection broke in the middle."""


class StreamStalled(StreamBroken):
    """Silence for longer than the idle timeout."""

    code = "stream_stalled"
    another_may_answer = False


class StreamTruncated(StreamBroken):
    """It ended without saying that it ends: an error, never a success."""

    code = "stream_truncated"


class StreamLimitReached(StreamBroken):
    """A line, an event or the whole grew past its bound, or the total time ran out."""

    code = "stream_limit"
    another_may_answer = False


class BadStreamData(StreamBroken):
    """Three events in a row that are not JSON, or a frame whose checksum is wrong."""

    code = "bad_upstream_data"


class AddressRefused(RealMultiLLMError):
    """The egress rules forbid that destination. One message whatever the reason, so that nothing can be scanned."""

    status = 400
    code = "address_refused"


class CredentialCorrupt(RealMultiLLMError):
    """A stored key does not open where it lies. It must be entered again."""

    status = 424
    code = "credential_corrupt"


class KeyServiceUnavailable(RealMultiLLMError):
    """The key service does not answer, or does not let us."""

    status = 503
    code = "key_service_unavailable"


class StorageUnavailable(RealMultiLLMError):
    """The table does not answer. Never a 401, never an open door."""

    status = 503
    code = "storage_unavailable"


class DeadlineReached(RealMultiLLMError):
    """The platform is about to end the request, so we do, while it can still be said. On one machine there is no such end."""

    status = 504
    code = "deadline"


class TooBusy(RealMultiLLMError):
    """Nothing of the request was read."""

    status = 503
    code = "too_busy"
