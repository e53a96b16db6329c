"""What an operator is told of, and what they look at: alarms, a dashboard, and what the account may cost."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.door import Door
from infra.stage import Stage
from shared.observability import NAMESPACE

_FIVE_MINUTES: Final = Duration.minutes(5)
_MANY: Final = 20
"""Failed chats in five minutes: as many as open a breaker."""
_OFTEN: Final = 3
"""Of five minutes' calls of a clock's, one a minute."""
_SLOW: Final = 10
"""Seconds to the first token, for the slowest one in twenty."""


def own(name: str, statistic: str, label: str | None = None, **dimensions: str) -> cloudwatch.Metric:
    """A metric that the doors write (shared/observability.py)."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        statistic=statistic,
        label=label,
        period=_FIVE_MINUTES,
        dimensions_map=dimensions or None,
    )


class Watch(Construct):
    """Few alarms, for each costs ten cents a month: where something is wrong, one of them says so; the dashboard says what."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        chat: lambda_.Function,
        sweeper: lambda_.IFunction,
        doors: Mapping[str, Door],
        answered_5xx: cloudwatch.Metric,
    ) -> None:
        super().__init__(scope, id_)
        self._topic = self._mail(stage)
        self._functions(chat, sweeper, answered_5xx)
        self._chats()
        self._dashboard(stage, chat, doors)
        if stage.monthly_budget is not None and stage.alarm_email is not None:
            _budget(self, stage.monthly_budget, stage.alarm_email, stage)

    def _functions(self, chat: lambda_.Function, sweeper: lambda_.IFunction, answered_5xx: cloudwatch.Metric) -> None:
        """Of what we run."""
        self._alarm("Errors", chat.metric_errors(period=_FIVE_MINUTES), 1, "the chat door failed by itself")
        self._alarm(
            "Throttles",
            chat.metric_throttles(period=_FIVE_MINUTES),
            1,
            "chats were turned away: raise chat-concurrency",
        )
        self._alarm("DoorErrors", answered_5xx, 1, "a buffered door failed, or could not be reached")
        self._alarm(
            "SweeperFails",
            sweeper.metric_errors(period=_FIVE_MINUTES),
            _OFTEN,
            "what dead requests hold is not given back: see the sweeper's log",
            silence=cloudwatch.TreatMissingData.BREACHING,
        )

    def _chats(self) -> None:
        """Of what providers and limits do to those who ask."""
        self._alarm(
            "ProvidersFail",
            own("llm_errors_total", "Sum"),
            _MANY,
            "chats fail at their providers: the dashboard says at which, and how",
        )
        self._alarm(
            "SlowFirstToken",
            own("llm_time_to_first_token_seconds", "p95"),
            _SLOW,
            "providers or the gateway are slow to answer",
            periods=3,
        )
        self._alarm(
            "BreakerOpen",
            own("llm_breaker_open_total", "Sum"),
            1,
            "a provider fails so many that it is left alone: see its status page, and give routes a fallback",
        )
        self._alarm(
            "BudgetSpent",
            own("llm_limit_refusals_total", "Sum", policy="budget"),
            1,
            "somebody was refused since their budget is used up: raise it, or wait for its next period",
        )
        self._alarm(
            "ProviderDistrusted",
            own("llm_provider_distrusted_total", "Sum"),
            1,
            "a provider's certificate was refused and no key was sent, or it reported usage that cannot be: the dashboard says which",
        )

    def _mail(self, stage: Stage) -> sns.Topic | None:
        if stage.alarm_email is None:
            return None
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(stage.alarm_email))
        return topic

    def _alarm(
        self,
        id_: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        says: str,
        *,
        periods: int = 1,
        silence: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            id_,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=silence,
            alarm_description=f"RealMultiLLM: {says}",
        )
        if self._topic is not None:
            alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _dashboard(self, stage: Stage, chat: lambda_.Function, doors: Mapping[str, Door]) -> None:
        """One row for people who chat, one for what it costs, one for who is left alone or turned away, one for what is not believed, one for the functions."""
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"RealMultiLLM-{stage.name}")
        board.add_widgets(
            _graph("Chats, by provider and outcome", _each("llm_requests_total", "Sum")),
            _graph(
                "Seconds to the first token",
                *[own("llm_time_to_first_token_seconds", statistic, statistic) for statistic in ("p50", "p95", "p99")],
            ),
            _graph(
                "Seconds of a chat",
                *[own("llm_request_duration_seconds", statistic, statistic) for statistic in ("p50", "p95", "p99")],
            ),
        )
        board.add_widgets(
            _graph(
                "Tokens, by provider and direction, and of some kinds",
                _each("llm_tokens_total", "Sum"),
                _each("llm_token_kinds_total", "Sum"),
            ),
            _graph("US dollars, by provider", _each("llm_cost_usd_total", "Sum")),
            _graph("Errors, by provider and code", _each("llm_errors_total", "Sum")),
        )
        board.add_widgets(
            _graph("Breakers that opened, by provider", _each("llm_breaker_open_total", "Sum")),
            _graph("Refused by limits, by policy", _each("llm_limit_refusals_total", "Sum")),
            _graph("Ends that the table did not take, by state", _each("llm_unsettled_total", "Sum")),
        )
        board.add_widgets(
            _graph("What cannot be, by provider and what", _each("llm_provider_distrusted_total", "Sum")),
            _graph("Requests of unknown cost, by provider", _each("llm_unpriced_requests_total", "Sum")),
        )
        every = {"chat": chat, **{name: door.function for name, door in doors.items()}}
        board.add_widgets(
            _graph("Calls", *[each.metric_invocations(label=name) for name, each in every.items()]),
            _graph("Errors of functions", *[each.metric_errors(label=name) for name, each in every.items()]),
            _graph("Chats at a time", chat.metric("ConcurrentExecutions", statistic="max", label="chat")),
        )


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=[*metrics], width=8, height=6)


def _each(name: str, statistic: str) -> cloudwatch.MathExpression:
    """All of that name, a line for each set of dimensions."""
    found = f"SEARCH('Namespace=\"{NAMESPACE}\" MetricName=\"{name}\"', '{statistic}', 300)"
    return cloudwatch.MathExpression(expression=found, using_metrics={}, label="", period=_FIVE_MINUTES)


def _budget(scope: Construct, dollars: int, email: str, stage: Stage) -> None:
    """Of the whole account, since whoever floods a function may make another service dear (threat I10). The first two cost nothing."""
    hears = budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")
    budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_name=f"RealMultiLLM-{stage.name}",
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
        ),
        notifications_with_subscribers=[
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    comparison_operator="GREATER_THAN", notification_type=kind, threshold=share
                ),
                subscribers=[hears],
            )
            for kind, share in (("ACTUAL", 80), ("FORECASTED", 100))
        ],
    )
