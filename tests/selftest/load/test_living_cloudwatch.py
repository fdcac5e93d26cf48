"""What CloudWatch makes of a minute's data: alarms that change, messages, and data to be read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.load.living import alarm_reasons, cloudwatch
from tests.load.living.cloudwatch import CloudWatch
from tests.load.living.metrics import Datum
from tests.selftest.load import account
from tests.selftest.load.account import put_alarm
from tests.support import alarm_actions
from tests.support.alarms import Alarm, Missing, State
from tests.support.outcomes import SuiteError
from tests.support.subscriber import Subscriber
from tests.support.target import Target
from tests.support.topics import Publisher

pytestmark = pytest.mark.selftest

BEGIN = 1_800_000_000.0 // 300 * 300
HERE = {"Place": "Here"}
PUBLISHER = Publisher("cloudwatch.amazonaws.com", "sns:Publish", ("kms:Decrypt",))
MEAN = Alarm(10, "GreaterThanThreshold", "Average", 60, 2, 2)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """An account of its own."""
    with account.account() as made:
        yield made


@pytest.fixture
def watching(target: Target) -> Iterator[CloudWatch]:
    """CloudWatch in an account whose alarms go with the test."""
    yield CloudWatch(target, PUBLISHER)
    client = target.client("cloudwatch")
    found = client.describe_alarms()["MetricAlarms"]
    client.delete_alarms(AlarmNames=[one["AlarmName"] for one in found])


def length(*values: float, **changed: Any) -> Datum:
    """Values of the metric that the alarm watches."""
    datum = {"namespace": "Mine", "name": "Length", "dimensions": HERE, "values": values}
    return Datum(**{**datum, **changed})


def live(watching: CloudWatch, minutes: Sequence[Sequence[Datum]], name: str = "one") -> list[str]:
    """What the alarm of that name shows after each minute."""
    watching.refresh()
    shown = []
    for number, data in enumerate(minutes):
        begin = BEGIN + 60 * number
        watching.publish(begin, data)
        watching.evaluate(begin + 60)
        shown.append(str(watching.states()[name]))
    return shown


def described(target: Target) -> Mapping[str, Any]:
    """The alarm `one` as CloudWatch has it."""
    found: list[Any] = target.client("cloudwatch").describe_alarms(AlarmNames=["one"])[
        "MetricAlarms"
    ]
    return dict(found[0])


def test_alarm_is_raised_by_as_many_minutes_as_it_asks_for(
    target: Target, watching: CloudWatch
) -> None:
    put_alarm(target, "one")
    minutes = [[length(1)], [length(20)], [length(1, 20)], [length(20)], [length(1)]]
    assert live(watching, minutes) == ["OK", "OK", "ALARM", "ALARM", "OK"]
    assert described(target)["StateValue"] == "OK"


@pytest.mark.parametrize(
    "changed",
    [
        {"namespace": "Theirs"},
        {"name": "Width"},
        {"dimensions": {"Place": "There"}},
        {"dimensions": {**HERE, "More": "Yes"}},
        {"dimensions": {}},
        {"unit": "Bytes"},
    ],
    ids=["namespace", "name", "value", "more dimensions", "no dimensions", "unit"],
)
def test_alarm_sees_nothing_but_its_own_metric(
    changed: dict[str, Any], target: Target, watching: CloudWatch
) -> None:
    put_alarm(target, "one", Unit="Seconds")
    minutes = [[length(20, **{"unit": "Seconds", **changed})]] * 3
    assert live(watching, minutes) == ["INSUFFICIENT_DATA"] * 3


@pytest.mark.parametrize(
    ("treated", "shown"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "INSUFFICIENT_DATA"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
    ],
)
def test_metric_that_nobody_emits_has_no_data(
    treated: str, shown: str, target: Target, watching: CloudWatch
) -> None:
    put_alarm(target, "one", TreatMissingData=treated)
    assert live(watching, [[]]) == [shown]


def test_alarm_of_five_minutes_looks_at_the_latest_five(
    target: Target, watching: CloudWatch
) -> None:
    put_alarm(target, "one", Statistic="Sum", Period=300, EvaluationPeriods=1, Threshold=50)
    minutes = [[length(number)] for number in (0, 0, 0, 40, 20, 0, 0, 0, 0)]
    raised = ["OK"] * 4 + ["ALARM"] * 4 + ["OK"]
    assert live(watching, minutes) == raised


def test_sum_counts_a_value_as_often_as_it_was_seen(target: Target, watching: CloudWatch) -> None:
    put_alarm(target, "one", Statistic="Sum", EvaluationPeriods=1)
    assert live(watching, [[length(1, times=10)], [length(1, times=11)]]) == ["OK", "ALARM"]


def test_too_few_samples_for_a_percentile_keep_the_state(
    target: Target, watching: CloudWatch
) -> None:
    put_alarm(
        target, "one", Statistic=None, ExtendedStatistic="p90", EvaluationPeriods=1,
        EvaluateLowSampleCountPercentile="ignore",
    )  # fmt: skip
    minutes = [[length(1, times=100)], [length(20, times=99)], [length(20, times=100)]]
    assert live(watching, minutes) == ["OK", "OK", "ALARM"]


def test_change_of_an_alarm_is_followed(target: Target, watching: CloudWatch) -> None:
    put_alarm(target, "one")
    assert live(watching, [[length(20)]] * 2) == ["OK", "ALARM"]
    put_alarm(target, "one", Threshold=30.0)
    assert live(watching, [[length(20)]] * 2) == ["OK", "OK"]


def test_alarm_that_is_gone_is_judged_no_more(target: Target, watching: CloudWatch) -> None:
    put_alarm(target, "one")
    put_alarm(target, "other")
    watching.refresh()
    target.client("cloudwatch").delete_alarms(AlarmNames=["other"])
    watching.refresh()
    assert set(watching.states()) == {"one"}


def test_alarm_on_an_expression_is_left_as_it_is(target: Target, watching: CloudWatch) -> None:
    query = {"Id": "sum", "Expression": "1 + 1", "ReturnData": True}
    target.client("cloudwatch").put_metric_alarm(
        AlarmName="reckoned", Metrics=[query], EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    watching.refresh()
    assert watching.states() == {}


def test_alarm_that_is_not_modelled_is_named(target: Target, watching: CloudWatch) -> None:
    put_alarm(target, "seconds", Period=10)
    with pytest.raises(SuiteError, match="alarm:seconds: a period of part of a minute"):
        watching.refresh()


# --- What is told -----------------------------------------------------------------------------


def topic(target: Target, name: str) -> str:
    """A new topic's ARN."""
    return str(target.client("sns").create_topic(Name=name)["TopicArn"])


def test_message_arrives_and_both_are_in_the_history(target: Target, watching: CloudWatch) -> None:
    heard, silent, queue = topic(target, "heard"), topic(target, "silent"), Subscriber(target, "q")
    queue.subscribe(heard)
    put_alarm(target, "one", AlarmActions=[heard, silent, "arn:aws:autoscaling:us-east-1::p"])
    live(watching, [[length(20)]] * 2)
    assert [one["NewStateValue"] for one in queue.messages()] == ["ALARM"]
    answer = target.client("cloudwatch").describe_alarm_history(AlarmName="one")
    summaries = [one["HistorySummary"] for one in answer["AlarmHistoryItems"]]
    assert summaries[:4] == [
        f'Failed to execute action {silent}. Received error: "{cloudwatch.UNHEARD}"',
        "Successfully executed action arn:aws:autoscaling:us-east-1::p",
        f"Successfully executed action {heard}",
        "Alarm updated from OK to ALARM",
    ]


def test_alarm_whose_actions_are_disabled_tells_nobody(
    target: Target, watching: CloudWatch
) -> None:
    put_alarm(target, "mute", AlarmActions=[topic(target, "mute")], ActionsEnabled=False)
    assert live(watching, [[length(20)]] * 2, "mute") == ["OK", "ALARM"]
    answer = target.client("cloudwatch").describe_alarm_history(AlarmName="mute")
    kinds = {one["HistoryItemType"] for one in answer["AlarmHistoryItems"]}
    assert kinds == {"StateUpdate", "ConfigurationUpdate"}


def test_reason_says_which_minutes_breached(target: Target, watching: CloudWatch) -> None:
    put_alarm(target, "one")
    live(watching, [[length(20)], [length(30)]])
    moments = [f"{datetime.fromtimestamp(BEGIN + s, UTC):%d/%m/%y %H:%M:%S}" for s in (0, 60)]
    alarm = described(target)
    assert alarm["StateReason"] == (
        f"Threshold Crossed: 2 out of the last 2 datapoints [20.0 ({moments[0]}), "
        f"30.0 ({moments[1]})] were greater than the threshold (10.0) "
        "(minimum 2 datapoints for OK -> ALARM transition)."
    )
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [20.0, 30.0]


@pytest.mark.parametrize(
    ("state", "points", "treated", "reason"),
    [
        (State.INSUFFICIENT_DATA, [None, None], Missing.MISSING,
         "Insufficient Data: 2 datapoints were unknown."),
        (State.OK, [None, None], Missing.NOT_BREACHING,
         "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
         "were treated as [NonBreaching]."),
        (State.OK, [20.0, 1.0], Missing.MISSING,
         "Threshold Crossed: 1 out of the last 2 datapoints [1.0 (01/01/70 00:03:00)] was not "
         "greater than the threshold (10) (minimum 1 datapoint for ALARM -> OK transition)."),
    ],
    ids=["no data", "good without data", "good again"],
)  # fmt: skip
def test_reason_is_cloudwatchs(
    state: State, points: list[float | None], treated: Missing, reason: str
) -> None:
    alarm = Alarm(10, "GreaterThanThreshold", "Average", 60, 2, 2, treated)
    assert alarm_reasons.sentence(alarm, state, points, 240) == reason


# --- What can be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("Average", 249.5), ("Sum", 249.5 * 500 * 20), ("SampleCount", 10_000), ("Maximum", 499),
     ("p99", 494.01)],
)  # fmt: skip
def test_many_values_are_published_as_few(
    statistic: str, value: float, target: Target, watching: CloudWatch
) -> None:
    watching.publish(BEGIN, [length(*map(float, range(500)), name=statistic, times=20)])
    metric = {"Namespace": "Mine", "MetricName": statistic, "Dimensions": [
        {"Name": "Place", "Value": "Here"}]}  # fmt: skip
    stat = {"Metric": metric, "Period": 60, "Stat": statistic}
    answer = target.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "read", "MetricStat": stat}],
        StartTime=datetime.fromtimestamp(BEGIN, UTC),
        EndTime=datetime.fromtimestamp(BEGIN + 60, UTC),
    )
    assert answer["MetricDataResults"][0]["Values"] == [pytest.approx(value)]


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=900))
def test_fewer_pairs_have_the_same_count_sum_and_ends(values: list[float]) -> None:
    pairs = cloudwatch.distribution(values)
    assert len(pairs) <= 150
    assert sum(times for _, times in pairs) == len(values)
    total = math.fsum(value * times for value, times in pairs)
    assert total == pytest.approx(math.fsum(values))
    assert (pairs[0][0], pairs[-1][0]) == (min(values), max(values))


def test_state_is_kept_by_the_control_plane_alone(target: Target, watching: CloudWatch) -> None:
    """Who sets an alarm by hand is believed until the next minute."""
    put_alarm(target, "one")
    live(watching, [[length(1)]])
    alarm_actions.change(target, "one", State.ALARM, "a drill", PUBLISHER)
    watching.refresh()
    assert watching.states()["one"] is State.ALARM
    watching.evaluate(BEGIN + 60)
    assert watching.states()["one"] is State.OK
