"""The queue in which ends of requests wait that the table did not take. faults.md, settle / ledger."""

from typing import Any

from tests.infra.conftest import Synthesised

DAY = 86_400


def queue_of(house: Synthesised) -> tuple[str, dict[str, Any]]:
    """The queue that lines are put into, by its logical id; the other is where it puts aside."""
    queues = {name: each["Properties"] for name, each in house.of("AWS::SQS::Queue").items()}
    (found,) = [(name, queue) for name, queue in queues.items() if "RedrivePolicy" in queue]
    return found


def test_a_line_is_kept_for_four_days_and_put_aside_where_nobody_could_carry_it_out(house: Synthesised) -> None:
    name, queue = queue_of(house)
    (aside,) = [each for each in house.of("AWS::SQS::Queue") if each != name]

    assert queue["MessageRetentionPeriod"] == 4 * DAY
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": {"Fn::GetAtt": [aside, "Arn"]}, "maxReceiveCount": 10}
    assert house.of("AWS::SQS::Queue")[aside]["Properties"]["MessageRetentionPeriod"] == 14 * DAY
    assert queue["VisibilityTimeout"] > house.functions()["sweeper"]["Timeout"]


def test_what_lies_there_is_encrypted_and_comes_over_tls_alone(house: Synthesised) -> None:
    for queue in house.of("AWS::SQS::Queue").values():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
    policies = [each["Properties"] for each in house.of("AWS::SQS::QueuePolicy").values()]

    assert sum(len(policy["Queues"]) for policy in policies) == 2
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_nothing_but_the_sweeper_polls_it(house: Synthesised) -> None:
    """A function that a queue calls costs more to be idle than one that looks into it each minute."""
    assert not house.of("AWS::Lambda::EventSourceMapping")
