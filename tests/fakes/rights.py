"""What IAM's conditions hold doors to: which data keys by their purpose, which items by their `pk`. A journey shows that each door asks for all of
it (tests/journeys/test_on_aws.py), the template that it may do just that (tests/infra/test_rights.py). Threat K7."""

from collections.abc import Mapping

PURPOSES: Mapping[str, set[tuple[str, str]]] = {
    "accounts": set(),
    "configs": {
        ("GenerateDataKey", "provider-key"),
        ("ReEncrypt", "provider-key"),
        ("ReEncrypt", "journal"),
        ("ReEncrypt", "webhook-secret"),
    },
    "key_test": {("Decrypt", "provider-key")},
    "catalog": set(),
    "analytics": set(),
    "admin": {("GenerateDataKey", "provider-key"), ("GenerateDataKey", "webhook-secret")},
    "chat": {("Decrypt", "provider-key"), ("Decrypt", "journal"), ("GenerateDataKey", "journal")},
    "sweeper": set(),
    "teller": {("Decrypt", "webhook-secret")},
}
"""By door: what it asks of KMS, and for which purpose."""

TELLER: frozenset[tuple[str, str]] = frozenset(
    {
        ("Query", "POLICY"),
        ("Query", "ALERT#WAITING"),
        ("UpdateItem", "ALERT#WAITING"),
        ("DeleteItem", "ALERT#WAITING"),
        ("GetItem", "ALERT"),
        ("UpdateItem", "ALERT"),
    }
)
"""What the teller asks of the table."""

NOTES_COUNTRIES: frozenset[tuple[str, str]] = frozenset(
    {("UpdateItem", "COUNTRIES#"), ("PutItem", "ALERT"), ("PutItem", "ALERT#WAITING")}
)
"""What a door that else only reads writes, where the operator says in which header the country stands; of the first the beginning of the `pk`."""
