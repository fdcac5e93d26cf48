"""The rules about alarms: each fault is found, what is sound passes, and nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import metrics
from tests.support.iam import Statement, statements
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.topics import Key, Publisher, Topic, unheard
from tests.support.watches import LogMetric, Reading, Rules, Watch, expect_sound

pytestmark = pytest.mark.selftest

TABLE = metrics.load()
FILTER = LogMetric("Own/Security", "sign-ins", frozenset(), "None", counts=True)
FIELD = LogMetric("Own/Security", "latency", frozenset(["Path"]), "None", counts=False)
RULES = Rules(TABLE, (FILTER, FIELD))

RESPONSE_TIME = Reading(
    "AWS/ApplicationELB",
    "TargetResponseTime",
    {"LoadBalancer": "app/one/1", "TargetGroup": "targetgroup/one/1"},
    "Average",
    60,
)
ALARM = Watch(
    where="alarm",
    readings=(RESPONSE_TIME,),
    compared=0,
    threshold=0.5,
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=2,
    datapoints_to_alarm=2,
    unit=None,
    region="us-east-1",
    actions=("topic",),
    arns=frozenset(["arn:aws:cloudwatch:us-east-1:111122223333:alarm:one"]),
)


def alarm(threshold: float = 0.5, operator: str = "GreaterThanThreshold", **reading: Any) -> Watch:
    """The alarm with another reading, threshold or operator."""
    read = (replace(RESPONSE_TIME, **reading),)
    return replace(ALARM, readings=read, threshold=threshold, comparison_operator=operator)


def of_aws(namespace: str, name: str, *dimensions: str, statistic: str = "Average") -> Reading:
    """A metric of AWS by these dimensions."""
    return Reading(f"AWS/{namespace}", name, dict.fromkeys(dimensions, "x"), statistic, 60)


# --- Dimensions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reading",
    [
        RESPONSE_TIME,
        of_aws("ApplicationELB", "TargetResponseTime", "LoadBalancer"),
        of_aws("ApplicationELB", "TargetResponseTime", "LoadBalancer", "AvailabilityZone"),
        of_aws("ApplicationELB", "RequestCountPerTarget", "TargetGroup"),
        of_aws("RDS", "CPUUtilization", "DBClusterIdentifier", "Role"),
        of_aws("ElastiCache", "CacheHitRate", "CacheClusterId"),
        of_aws("ElastiCache", "CacheHitRate"),
        of_aws("ECS", "MemoryUtilization", "ClusterName", "ServiceName"),
        of_aws("CloudFront", "5xxErrorRate", "DistributionId", "Region"),
        Reading("Own/Security", "sign-ins", {}, "Sum", 300),
        Reading("Own/Security", "latency", {"Path": "/"}, "Average", 300),
    ],
    ids=lambda reading: f"{reading.name}-{'-'.join(reading.dimensions)}",
)
def test_metric_by_dimensions_that_it_is_emitted_by_is_sound(reading: Reading) -> None:
    assert RULES.dimensions(replace(ALARM, readings=(reading,))) == []


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (of_aws("ElastiCache", "CacheHitRate", "ReplicationGroupId"), "{ReplicationGroupId}"),
        (of_aws("ApplicationELB", "UnHealthyHostCount", "TargetGroup"), "{TargetGroup}"),
        (
            of_aws("ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", "TargetGroup"),
            "by {LoadBalancer} or",
        ),
        (of_aws("ECS", "CPUUtilization", "ClusterName"), "{ClusterName, ServiceName}"),
        (
            of_aws("RDS", "CPUUtilization", "DBClusterIdentifier", "DBInstanceIdentifier"),
            "emitted by",
        ),
        (Reading("Own/Security", "sign-ins", {"Path": "/"}, "Sum", 300), "{}"),
    ],
    ids=lambda value: value.name if isinstance(value, Reading) else "",
)
def test_metric_by_other_dimensions_is_a_fault(reading: Reading, told: str) -> None:
    (fault,) = RULES.dimensions(replace(ALARM, readings=(reading,)))
    assert told in fault


def test_metric_of_one_region_is_looked_for_there() -> None:
    reading = of_aws("CloudFront", "Requests", "DistributionId", "Region", statistic="Sum")
    elsewhere = replace(ALARM, readings=(reading,), region="eu-west-1")
    assert "us-east-1 alone" in RULES.dimensions(elsewhere)[0]
    with pytest.raises(Invalid, match="region is not known"):
        RULES.dimensions(replace(elsewhere, region=None))


@pytest.mark.parametrize(
    "reading",
    [of_aws("ApplicationELB", "Latency", "LoadBalancer"), Reading("Own/Sec", "a", {}, "Sum", 60)],
)
@pytest.mark.parametrize("rule", [RULES.dimensions, RULES.statistic, RULES.threshold])
def test_unknown_metric_is_unknown_and_not_wrong(rule: Any, reading: Reading) -> None:
    with pytest.raises(Invalid, match="no metric that the suite knows"):
        rule(replace(ALARM, readings=(reading,)))


# --- Statistics ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "sound"),
    [
        (replace(RESPONSE_TIME, statistic="p99"), True),
        (replace(RESPONSE_TIME, statistic="tm90"), True),
        (replace(RESPONSE_TIME, statistic="Sum"), False),
        (of_aws("ApplicationELB", "RequestCountPerTarget", "TargetGroup", statistic="Sum"), True),
        (of_aws("ApplicationELB", "RequestCountPerTarget", "TargetGroup"), False),
        (of_aws("ApplicationELB", "HTTPCode_Target_5XX_Count", statistic="Maximum"), False),
        (of_aws("ApplicationELB", "UnHealthyHostCount", statistic="Sum"), False),
        (of_aws("ApplicationELB", "UnHealthyHostCount", statistic="Maximum"), True),
        (of_aws("CloudFront", "5xxErrorRate", statistic="Maximum"), False),
        (Reading("Own/Security", "sign-ins", {}, "Average", 300), False),
        (Reading("Own/Security", "sign-ins", {}, "Sum", 300), True),
        (Reading("Own/Security", "latency", {}, "p95", 300), True),
    ],
    ids=lambda value: f"{value.name}-{value.statistic}" if isinstance(value, Reading) else "",
)
def test_statistic_means_something(reading: Reading, sound: bool) -> None:
    assert (RULES.statistic(replace(ALARM, readings=(reading,))) == []) is sound


# --- Thresholds ----------------------------------------------------------------------------

CPU = {"namespace": "AWS/RDS", "name": "CPUUtilization"}
MEMORY = {"namespace": "AWS/RDS", "name": "FreeableMemory"}
HOSTS = {"namespace": "AWS/ApplicationELB", "name": "UnHealthyHostCount"}
SIGN_INS = {"namespace": "Own/Security", "name": "sign-ins"}
LATENCY = {"namespace": "Own/Security", "name": "latency"}
MORE, FROM = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"
LESS, UP_TO = "LessThanThreshold", "LessThanOrEqualToThreshold"


@pytest.mark.parametrize(
    ("watch", "told"),
    [
        (alarm(0.5), ""),
        (alarm(500), "in Seconds it lies between 0.001 and 60"),
        (alarm(80, MORE, **CPU), ""),
        (alarm(0.8, MORE, **CPU), "in Percent it lies between 1 and 100"),
        (alarm(100, MORE, **CPU), "GreaterThanThreshold 100 for CPUUtilization is never true"),
        (alarm(100, FROM, **CPU), ""),
        (alarm(100, UP_TO, **CPU), "is always true"),
        (alarm(256, LESS, **MEMORY), "in Bytes it lies"),
        (alarm(268435456, LESS, **MEMORY), ""),
        (alarm(0, MORE, **HOSTS), ""),
        (alarm(0, FROM, **HOSTS), "is always true"),
        (alarm(0, LESS, **HOSTS), "is never true"),
        (alarm(0, UP_TO, **HOSTS), ""),
        (alarm(1, FROM, **SIGN_INS), ""),
        (alarm(0, FROM, **SIGN_INS), "is always true"),
        (alarm(-5, LESS, **LATENCY), ""),
        (replace(alarm(0.5), unit="Seconds"), ""),
        (replace(alarm(0.5), unit="Milliseconds"), "which comes in Seconds"),
    ],
)
def test_threshold_is_in_the_unit_and_can_be_crossed(watch: Watch, told: str) -> None:
    faults = "; ".join(RULES.threshold(watch))
    assert told in faults
    assert bool(told) is bool(faults)


@pytest.mark.parametrize(
    ("watch", "told"),
    [
        (replace(ALARM, compared=None), "no single metric"),
        (replace(ALARM, threshold=None), "no single metric"),
        (alarm(0.5, "LessThanLowerOrGreaterThanUpperThreshold"), "compares with a band"),
    ],
)
def test_threshold_of_an_expression_or_a_band_is_not_judged(watch: Watch, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        RULES.threshold(watch)


# --- Periods -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "n", "m", "told"),
    [
        (60, 2, 2, ""),
        (300, 3, 1, ""),
        (60, 1440, 1, ""),
        (60, 1441, 1, "1441 periods of 60 s are longer than 86400 s"),
        (3600, 168, 1, ""),
        (3600, 169, 1, "longer than 604800 s"),
        (30, 2, 2, "a period of 30 s is no multiple of 60 s"),
        (90, 2, 2, "a period of 90 s"),
        (0, 2, 2, "a period of 0 s"),
        (60, 2, 3, "3 of 2 points can never breach"),
        (60, 2, 0, "0 of 2 points can never breach"),
    ],
)
def test_periods_are_those_that_cloudwatch_accepts(period: int, n: int, m: int, told: str) -> None:
    watch = replace(alarm(period_seconds=period), evaluation_periods=n, datapoints_to_alarm=m)
    faults = "; ".join(RULES.periods(watch, 60))
    assert told in faults
    assert bool(told) is bool(faults)


# --- What stands behind a dimension --------------------------------------------------------

HELD = {"LoadBalancer": {"app/one/1"}, "TargetGroup": {"targetgroup/one/1"}}


@pytest.mark.parametrize(
    ("dimensions", "told"),
    [
        (RESPONSE_TIME.dimensions, ""),
        ({"LoadBalancer": "arn:aws:…/app/one/1"}, "which is none of app/one/1"),
        ({"LoadBalancer": "app/one/1", "TargetGroup": "targetgroup/other/2"}, "TargetGroup ="),
        ({"DBClusterIdentifier": "one"}, "which is no resource of the stack"),
        ({"Role": "WRITER"}, ""),
        ({"Role": "PRIMARY"}, "Role = PRIMARY"),
        ({"AvailabilityZone": "us-east-1a"}, ""),
        ({"Path": "/"}, ""),
    ],
    ids=str,
)
def test_value_of_a_dimension_is_one_that_the_stack_has(
    dimensions: dict[str, str], told: str
) -> None:
    faults = "; ".join(RULES.watched(alarm(dimensions=dimensions), HELD))
    assert told in faults
    assert bool(told) is bool(faults)


# --- The verdict over all alarms -----------------------------------------------------------


def test_a_fault_outweighs_what_cannot_be_judged() -> None:
    unknown = alarm(name="Latency")
    with pytest.raises(Violation, match="alarm: expected sound; actual 500"):
        expect_sound([unknown, alarm(500)], RULES.threshold, "sound")
    with pytest.raises(Invalid, match="Latency"):
        expect_sound([unknown, ALARM], RULES.threshold, "sound")
    with pytest.raises(Invalid, match="only after apply"):
        expect_sound([Invalid("known only after apply"), ALARM], RULES.threshold, "sound")
    expect_sound([ALARM], RULES.threshold, "sound")


# --- Topics --------------------------------------------------------------------------------

ACCOUNT = "111122223333"
PUBLISHER = Publisher(
    "Service:cloudwatch.amazonaws.com", "sns:Publish", ("kms:Decrypt", "kms:GenerateDataKey")
)


def policy(*written: dict[str, Any]) -> tuple[Statement, ...]:
    """The statements of a policy document."""
    return tuple(statements({"Statement": list(written)}))


def allow(action: Any, principal: Any = None, resource: str = "topic", **more: Any) -> Any:
    """A statement that lets CloudWatch, or another, act on the topic."""
    who = principal or {"Service": "cloudwatch.amazonaws.com"}
    return {"Effect": "Allow", "Principal": who, "Action": action, "Resource": resource, **more}


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    """A condition."""
    return {"Condition": {operator: {key: value}}}


USE = allow(["kms:Decrypt", "kms:GenerateDataKey*"], resource="*")
PUBLISH = allow("SNS:Publish")
SOUND = Topic(
    "topic", frozenset(["topic"]), ("ops@example.com",), policy(PUBLISH), Key("key", policy(USE))
)


def under(*written: dict[str, Any]) -> Topic:
    """The topic with another policy."""
    return replace(SOUND, policy=policy(*written))


def locked(*written: dict[str, Any]) -> Topic:
    """The topic with another policy of its key."""
    return replace(SOUND, key=Key("key", policy(*written)))


OWNER = when("StringEquals", "AWS:SourceOwner", ACCOUNT)
ALARMS = when("ArnLike", "aws:SourceArn", f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*")
STRANGER = when("StringEquals", "aws:SourceAccount", "999999999999")
PLAIN_TEXT = when("Bool", "aws:SecureTransport", False)
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
DENY = {"Effect": "Deny"}


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        (SOUND, ""),
        (replace(SOUND, key=None), ""),
        # SNS's own policy.
        (replace(SOUND, policy=None), ""),
        (under(allow("sns:*", "*", **OWNER)), ""),
        (under(allow("sns:Publish", resource="*", **ALARMS)), ""),
        (under(PUBLISH, allow("sns:Publish", "*", **PLAIN_TEXT) | DENY), ""),
        (replace(SOUND, subscribers=()), "nobody has subscribed to topic"),
        (replace(SOUND, arns=frozenset(["other"])), "it tells no topic, but topic"),
        (under(allow("sns:Publish", {"Service": "events.amazonaws.com"})), "topic does not let"),
        (under(allow("sns:Subscribe")), "topic does not let"),
        (under(allow("sns:Publish", resource="other")), "topic does not let"),
        (under(allow("sns:Publish", **STRANGER)), "topic does not let"),
        (under(PUBLISH, allow("sns:*", "*") | DENY), "topic does not let"),
        (replace(SOUND, key=Key("alias/aws/sns", None)), "alias/aws/sns is AWS's own key"),
        (locked(allow("kms:Decrypt")), "key does not let .* kms:GenerateDataKey"),
        (locked(allow("kms:*", ROOT)), "key does not let .* kms:Decrypt"),
        (locked(), "key does not let .* kms:Decrypt"),
        # A key's policy is about that key, by whatever name.
        (locked(USE | {"Resource": "⟨aws_kms_key.main.arn⟩"}), ""),
    ],
)
def test_message_reaches_somebody(topic: Topic, told: str) -> None:
    faults = "; ".join(unheard(ALARM, [topic], PUBLISHER, ACCOUNT))
    assert re.search(told, faults)
    assert bool(told) is bool(faults)


def test_alarm_that_tells_nobody_is_unheard() -> None:
    assert unheard(replace(ALARM, actions=()), [SOUND], PUBLISHER, ACCOUNT) == [
        "it tells no topic, but nothing"
    ]


def test_condition_that_cannot_be_judged_is_not_guessed() -> None:
    strange = policy(allow("sns:Publish", **when("StringEquals", "aws:PrincipalOrgID", "o-1")))
    with pytest.raises(Invalid, match="aws:PrincipalOrgID"):
        unheard(ALARM, [replace(SOUND, policy=strange)], PUBLISHER, ACCOUNT)


def test_what_is_wrong_already_is_not_left_open() -> None:
    key = Key("key", policy(allow("kms:*", **when("StringEquals", "kms:ViaService", "x"))))
    mute = replace(SOUND, subscribers=(), key=key)
    assert unheard(ALARM, [mute], PUBLISHER, ACCOUNT) == ["nobody has subscribed to topic"]


# --- The table -----------------------------------------------------------------------------

ENTRY = """
dimensions: {LoadBalancer: {held_by: {aws_lb: [arn_suffix]}}}
metrics:
  - namespace: AWS/ApplicationELB
    names: [RequestCount]
    dimensions: [[LoadBalancer]]
    statistics: [Sum]
    unit: Count
    thresholds: [0, 10]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[RequestCount]", "[]", "metrics.0.names: Tuple should have at least 1 item"),
        ("[RequestCount]", "[RequestCount, RequestCount]", "listed twice: RequestCount"),
        ("[[LoadBalancer]]", "[[TargetGroup]]", "dimensions: LoadBalancer, TargetGroup"),
        ("[Sum]", "[Total]", "metrics.0.statistics.0: Input should be"),
        ("Count\n", "Number\n", "metrics.0.unit: Input should be"),
        ("[0, 10]", "[0, 10", "not YAML"),
    ],
)
def test_malformed_table_is_refused_by_name(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "metrics.yaml"
    path.write_text(ENTRY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SuiteError, match=rf"metrics\.yaml: .*{told}"):
        metrics.load(path)


def test_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"metrics\.yaml: No such file"):
        metrics.load(tmp_path / "metrics.yaml")
