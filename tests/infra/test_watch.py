"""What an operator hears of and sees."""

from typing import Any

from infra.cost import ALARMS
from shared.observability import METRICS, NAMESPACE
from tests.infra.conftest import Synthesise, Synthesised


def alarms(house: Synthesised) -> dict[str, Any]:
    found = [each["Properties"] for each in house.of("AWS::CloudWatch::Alarm").values()]
    return {alarm["AlarmDescription"]: alarm for alarm in found}


def test_every_alarm_reaches_whoever_was_named(synthesise: Synthesise) -> None:
    told = synthesise(stage="prod", alarm_email="ops@example.com")
    (topic,) = told.of("AWS::SNS::Topic")

    assert told.the("AWS::SNS::Subscription")["Endpoint"] == "ops@example.com"
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in alarms(told).values())


def test_silence_is_no_alarm(house: Synthesised) -> None:
    """Nothing is measured while nobody calls, but of the sweeper, which a clock calls."""
    assert len(alarms(house)) >= 4
    silent = [text for text, alarm in alarms(house).items() if alarm["TreatMissingData"] != "notBreaching"]
    assert [text.partition(":")[2].split(",")[0] for text in silent] == [
        " what dead requests hold is not given back: see the sweeper's log"
    ]


def test_a_breaker_and_a_used_up_budget_are_told_within_five_minutes(house: Synthesised) -> None:
    """One is enough, of whichever provider, and of a budget of whomever; the metrics are those that the doors write."""
    watched = {alarm["MetricName"]: alarm for alarm in alarms(house).values() if alarm.get("Namespace") == NAMESPACE}
    breaker, refused = watched["llm_breaker_open_total"], watched["llm_limit_refusals_total"]

    assert {(each["Statistic"], each["Threshold"], each["Period"]) for each in (breaker, refused)} == {("Sum", 1, 300)}
    assert "Dimensions" not in breaker
    assert refused["Dimensions"] == [{"Name": "policy", "Value": "budget"}]


def test_what_is_not_believed_is_told_within_five_minutes(house: Synthesised) -> None:
    """Faults 3 and 18: once is enough, of whichever provider."""
    watched = {alarm["MetricName"]: alarm for alarm in alarms(house).values() if alarm.get("Namespace") == NAMESPACE}
    distrusted = watched["llm_provider_distrusted_total"]

    assert (distrusted["Statistic"], distrusted["Threshold"], distrusted["Period"]) == ("Sum", 1, 300)
    assert "Dimensions" not in distrusted


def test_a_sweeper_that_fails_or_is_silent_is_told(house: Synthesised) -> None:
    (silent,) = [alarm for alarm in alarms(house).values() if alarm["TreatMissingData"] == "breaching"]
    (sweeper,) = [name for name in house.of("AWS::Lambda::Function") if "Sweeper" in name]

    assert (silent["MetricName"], silent["Threshold"], silent["Period"]) == ("Errors", 3, 300)
    assert silent["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": sweeper}}]


def test_the_calculator_counts_the_alarms_that_there_are(house: Synthesised) -> None:
    assert len(house.of("AWS::CloudWatch::Alarm")) == ALARMS


def test_the_account_has_a_budget_where_one_is_set(synthesise: Synthesise, house: Synthesised) -> None:
    """Threat I10."""
    bounded = synthesise(stage="prod", alarm_email="ops@example.com", monthly_budget="50")
    budget = bounded.the("AWS::Budgets::Budget")

    assert budget["Budget"]["BudgetLimit"] == {"Amount": 50, "Unit": "USD"}
    assert [each["Subscribers"][0]["Address"] for each in budget["NotificationsWithSubscribers"]] == [
        "ops@example.com"
    ] * 2
    assert not house.of("AWS::Budgets::Budget")


def test_the_dashboard_shows_every_metric_that_chats_write(house: Synthesised) -> None:
    board = str(house.the("AWS::CloudWatch::Dashboard")["DashboardBody"])

    assert [metric.name for metric in METRICS if metric.name not in board] == []
    assert NAMESPACE in board


def test_an_alarm_looks_at_a_metric_that_is_written(house: Synthesised) -> None:
    """Each of ours is written without dimensions, as the sum of all, and with all that it has."""
    own = [alarm for alarm in alarms(house).values() if alarm["Namespace"] == NAMESPACE]

    assert own
    written = {metric.name: ((), metric.dimensions) for metric in METRICS}
    for alarm in own:
        assert tuple(each["Name"] for each in alarm.get("Dimensions", ())) in written[alarm["MetricName"]]
