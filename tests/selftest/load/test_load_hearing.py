"""A run hears its own alarm where an emulator lets it, and writes nothing to a real account."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest

from tests.load.observation import hearing
from tests.support.alarms import State
from tests.support.emulator import Emulator
from tests.support.outcomes import Invalid
from tests.support.target import Target

pytestmark = pytest.mark.selftest

ACCOUNT, ALARM = "222233334444", "mantisnxt-staging-api-response-time"
POLICY = f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:1"


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """An emulator without anything in it."""
    with Emulator(ACCOUNT) as emulator:
        yield Target("staging", ACCOUNT, emulator.session(), emulated=True)


@pytest.fixture
def topic(target: Target) -> str:
    """A topic in it."""
    return str(target.client("sns").create_topic(Name="alerts")["TopicArn"])


def tell(target: Target, topic: str, state: str, alarm: str = ALARM, times: int = 1) -> None:
    """Tell the topic as CloudWatch does."""
    message = json.dumps({"AlarmName": alarm, "NewStateValue": state})
    for _ in range(times):
        target.client("sns").publish(TopicArn=topic, Message=message)


def test_what_the_alarms_topics_are_told_is_heard_in_order(target: Target, topic: str) -> None:
    listening = hearing.listen(target, [topic, POLICY])
    assert listening is not None
    tell(target, topic, "ALARM")
    tell(target, topic, "OK")
    assert hearing.heard(listening, ALARM) == (State.ALARM, State.OK)


def test_other_alarms_of_the_topic_are_not_taken_for_it(target: Target, topic: str) -> None:
    listening = hearing.listen(target, [topic])
    assert listening is not None
    tell(target, topic, "ALARM", "mantisnxt-staging-database-cpu")
    assert hearing.heard(listening, ALARM) == ()


def test_what_an_earlier_run_has_left_is_not_heard(target: Target, topic: str) -> None:
    hearing.listen(target, [topic])
    tell(target, topic, "ALARM")
    listening = hearing.listen(target, [topic])
    assert listening is not None
    assert hearing.heard(listening, ALARM) == ()


def test_more_messages_than_come_at_once_are_all_heard(target: Target, topic: str) -> None:
    listening = hearing.listen(target, [topic])
    assert listening is not None
    tell(target, topic, "ALARM", times=12)
    assert hearing.heard(listening, ALARM) == (State.ALARM,) * 12


def test_a_real_account_is_not_written_to() -> None:
    real = Target("staging", ACCOUNT, boto3.Session("key", "secret"), emulated=False)
    assert hearing.listen(real, ["arn:aws:sns:us-east-1:222233334444:alerts"]) is None


def test_a_topic_that_is_gone_is_invalid(target: Target) -> None:
    with pytest.raises(Invalid, match="Subscribe answered NotFound"):
        hearing.listen(target, [f"arn:aws:sns:us-east-1:{ACCOUNT}:gone"])
