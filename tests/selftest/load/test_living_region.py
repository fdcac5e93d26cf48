"""A small service that lives for some minutes on an emulator, and what is left to be seen of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import aiohttp
import pytest

from tests.load.living import region
from tests.load.living.admin import Admin
from tests.load.living.clock import MINUTE, Clock
from tests.load.living.cloudwatch import CloudWatch
from tests.load.living.region import LivingRegion
from tests.load.service.workload import Workload
from tests.selftest.load import account
from tests.selftest.load.small_service import ACCOUNT, APPLICATION, Session, SmallService
from tests.support.emulator import Emulator
from tests.support.outcomes import Violation

pytestmark = pytest.mark.selftest

# A minute in a second.
SCALE, START_UP = 60.0, 10.0
WORK = Workload(cpu_seconds=0.001, idle_memory_mib=256)
SENT, DESIRED = 30, 2
BALANCER = "AWS/ApplicationELB"


@dataclass
class Lived:
    """A service that has lived: the region, what its address told, and when it was over."""

    service: SmallService
    living: LivingRegion
    told: dict[str, Any]
    answers: list[int]
    begun: float
    ended: float

    def values(
        self, namespace: str, name: str, statistic: str, *dimensions: str
    ) -> dict[float, float]:
        """A metric by the begin of its minute, of the set of dimensions with these names."""
        client = self.service.target.client("cloudwatch")
        found = client.list_metrics(Namespace=namespace, MetricName=name)["Metrics"]
        (metric,) = [
            one for one in found if {d["Name"] for d in one["Dimensions"]} == set(dimensions)
        ]
        stat = {"Metric": metric, "Period": MINUTE, "Stat": statistic}
        begin = datetime.fromtimestamp(self.begun, UTC)
        answer = client.get_metric_data(
            MetricDataQueries=[{"Id": "read", "MetricStat": stat}],
            StartTime=begin, EndTime=begin + timedelta(days=1), ScanBy="TimestampAscending",
        )  # fmt: skip
        (found,) = answer["MetricDataResults"]
        moments = [moment.timestamp() for moment in found["Timestamps"]]
        return dict(zip(moments, found["Values"], strict=True))


class Telling(Session):
    """A session by which the emulator can be told what happens."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator)
        self.tell = emulator.session().tell


def behind_a_load_balancer(service: SmallService) -> None:
    """Put the service behind a load balancer, and let it scale."""
    subnets = service.described()["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    balancer = service.elbv2.create_load_balancer(Name=service.name, Subnets=subnets)
    service.elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": service.group}],
    )  # fmt: skip
    service.elbv2.modify_target_group_attributes(
        TargetGroupArn=service.group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
    )
    service.elbv2.modify_target_group(
        TargetGroupArn=service.group, HealthCheckPath="/api/health", HealthyThresholdCount=2,
        HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=5,
    )  # fmt: skip
    account.put_scaling(service.target)


def starting(service: SmallService, emulator: Emulator) -> LivingRegion:
    """The region of a service, from now on."""
    clock = Clock.starting(SCALE)
    emulator.set_clock(clock.scale, clock.real_origin, clock.region_origin)
    return LivingRegion(service.target, clock, START_UP, WORK, APPLICATION)


async def lived(service: SmallService, emulator: Emulator) -> Lived:
    """Live for some minutes with some requests in them."""
    living, stopping = starting(service, emulator), asyncio.Event()
    admin = Admin(living)
    begun = living.clock.now()
    try:
        await admin.start()
        await living.start()
        await _get(living.host)  # before the first minute, and so in none
        running = asyncio.create_task(living.run(stopping))
        await until(living, 1)
        async with aiohttp.ClientSession() as client:
            answers = [(await client.get(living.host)).status for _ in range(SENT)]
            await until(living, living.minutes + 2)
            told = await (await client.get(f"{admin.url}/region")).json()
        stopping.set()
        await running
        return Lived(service, living, told, answers, begun, living.clock.now())
    finally:
        await admin.stop()
        await living.stop()


async def until(living: LivingRegion, minutes: int) -> None:
    """Wait until so many minutes have been lived."""
    async with asyncio.timeout(60):
        while living.minutes < minutes:
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator of its own."""
    with Emulator(ACCOUNT) as running:
        yield running


@pytest.fixture(scope="module")
def life(emulator: Emulator) -> Lived:
    """What a service of two tasks has lived through."""
    service = SmallService(Telling(emulator), DESIRED)
    behind_a_load_balancer(service)
    return asyncio.run(lived(service, emulator))


def test_requests_are_answered(life: Lived) -> None:
    assert life.answers == [200] * SENT


def test_requests_count_as_often_as_time_is_faster(life: Lived) -> None:
    counted = life.values(BALANCER, "RequestCount", "Sum", "LoadBalancer")
    assert sum(counted.values()) == SENT * SCALE


def test_every_minute_has_its_data(life: Lived) -> None:
    hosts = life.values(BALANCER, "HealthyHostCount", "Average", "LoadBalancer", "TargetGroup")
    first = min(hosts)
    assert list(hosts) == [first + MINUTE * number for number in range(len(hosts))]
    assert set(hosts.values()) == {DESIRED}
    # The last one may have been published and then been cut short.
    assert len(hosts) - life.living.minutes in (0, 1)


def test_service_tells_what_its_tasks_use(life: Lived) -> None:
    used = life.values("AWS/ECS", "MemoryUtilization", "Average", "ClusterName", "ServiceName")
    assert used
    assert set(used.values()) == {25.0}


def test_tasks_are_healthy_targets_of_a_service_at_rest(life: Lived) -> None:
    described = life.service.described()
    assert (described["runningCount"], len(life.service.targets())) == (DESIRED, DESIRED)
    assert [one["rolloutState"] for one in described["deployments"]] == ["COMPLETED"]
    health = life.service.elbv2.describe_target_health(TargetGroupArn=life.service.group)
    states = [one["TargetHealth"]["State"] for one in health["TargetHealthDescriptions"]]
    assert states == ["healthy"] * DESIRED


def test_states_are_dated_by_the_regions_clock(life: Lived) -> None:
    cloudwatch = life.service.target.client("cloudwatch")
    answer = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")
    moments = [one["Timestamp"].timestamp() for one in answer["AlarmHistoryItems"]]
    assert moments
    assert all(life.begun < moment < life.ended for moment in moments)


def test_region_tells_of_itself(life: Lived) -> None:
    told = {key: life.told[key] for key in ("environment", "host", "tasks", "start_up_seconds")}
    assert told == {
        "environment": life.service.target.environment,
        "host": life.living.host,
        "tasks": DESIRED,
        "start_up_seconds": START_UP,
    }
    assert Clock(**life.told["clock"]) == life.living.clock
    assert life.told["minutes"] >= 3


def test_nothing_listens_once_it_has_stopped(life: Lived) -> None:
    with pytest.raises(aiohttp.ClientConnectorError):
        asyncio.run(_get(life.living.host))


async def _get(url: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status


def test_minute_that_begins_before_the_last_is_done_with_is_late(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = SmallService(Telling(emulator), 1)
    behind_a_load_balancer(service)
    monkeypatch.setattr(CloudWatch, "refresh", lambda self: time.sleep(1.5))
    found = asyncio.run(lived(service, emulator))
    assert found.told["late_minutes"] >= 1


def test_service_whose_tasks_do_not_become_healthy_is_refused(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region, "SETTLE_SECONDS", 1.0)
    service = SmallService(Telling(emulator), 1)
    behind_a_load_balancer(service)
    service.elbv2.modify_target_group(TargetGroupArn=service.group, HealthCheckPath="/nowhere")
    with pytest.raises(Violation, match=r"expected 1 healthy tasks; actual . run, 0 are healthy"):
        asyncio.run(lived(service, emulator))


def test_service_without_a_load_balancer_is_refused(emulator: Emulator) -> None:
    service = SmallService(Telling(emulator), 1)
    account.put_scaling(service.target)
    with pytest.raises(Violation, match="load balancer"):
        asyncio.run(lived(service, emulator))


# --- The health of its targets -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "seen", "news"),
    [
        ("initial", "healthy", ["healthy"]),
        ("healthy", "healthy", []),
        ("healthy", "unhealthy", ["unhealthy"]),
        ("draining", "unused", ["unused"]),
        ("initial", "unused", []),
    ],
    ids=["passed", "as-told", "failed", "drained", "on-its-way-to-the-load-balancer"],
)
def test_the_control_plane_is_told_of_targets_what_changed(
    told: str, seen: str, news: list[str]
) -> None:
    target = {"Target": {"Id": "10.0.1.4", "Port": 3000}, "TargetHealth": {"State": told}}
    found = region.news([target], [seen])
    assert found == [{"Id": "10.0.1.4", "Port": 3000, "State": state} for state in news]


# --- Its address ------------------------------------------------------------------------------


class Still:
    """A region in which nothing happens but what it is told."""

    environment, host = "staging", "http://127.0.0.1:1"
    clock, start_up_seconds = Clock(20, 1, 1), 120.0
    tasks, minutes, late_minutes, served = 2, 7, 0, 9
    revisions: ClassVar[Mapping[str, int]] = {"arn:app:1": 12}

    def __init__(self) -> None:
        self.listeners: Mapping[int, str] = {80: self.host}
        self.workload, self.failing_percent, self.refusing = WORK, 0.0, False

    async def put_workload(self, workload: Workload, failing_percent: float) -> None:
        """Keep it."""
        self.workload, self.failing_percent = workload, failing_percent

    async def set_refusing(self, refusing: bool) -> None:
        """Keep it."""
        self.refusing = refusing


async def _put(still: Still, path: str, body: str) -> tuple[int, str]:
    admin = Admin(still)
    await admin.start()
    try:
        async with (
            aiohttp.ClientSession() as client,
            client.put(f"{admin.url}{path}", data=body) as answer,
        ):
            return answer.status, await answer.text()
    finally:
        await admin.stop()


def test_workload_is_put_field_by_field() -> None:
    still = Still()
    body = json.dumps({"other_seconds": 0.7, "failing_percent": 5})
    status, told = asyncio.run(_put(still, "/workload", body))
    assert (status, still.failing_percent) == (200, 5)
    assert still.workload == Workload(WORK.cpu_seconds, WORK.idle_memory_mib, 0.7)
    assert json.loads(told)["other_seconds"] == 0.7


def test_load_balancer_can_be_made_to_refuse() -> None:
    still = Still()
    assert asyncio.run(_put(still, "/faults", '{"refuse": true}'))[0] == 200
    assert still.refusing


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/workload", "slow", "the body is no JSON"),
        ("/workload", "[]", "give an object with"),
        ("/workload", "{}", "give an object with"),
        ("/workload", '{"speed": 1}', "unknown: speed"),
        ("/workload", '{"cpu_seconds": "much"}', "cpu_seconds: give a number"),
        ("/workload", '{"cpu_seconds": true}', "cpu_seconds: give a number"),
        ("/workload", '{"cpu_seconds": NaN}', "cpu_seconds: give a number"),
        ("/workload", '{"cpu_seconds": 0}', "give more than 0"),
        ("/workload", '{"failing_percent": 101}', "give 0 to 100"),
        ("/faults", '{"refuse": 1}', 'give {"refuse": true}'),
        ("/faults", '{"drop": true}', "unknown: drop"),
    ],
    ids=["no JSON", "list", "nothing", "unknown", "text", "truth", "NaN", "no work", "too much",
         "number", "other fault"],
)  # fmt: skip
def test_what_cannot_be_is_refused(path: str, body: str, reason: str) -> None:
    still = Still()
    status, told = asyncio.run(_put(still, path, body))
    assert (status, still.workload, still.refusing) == (400, WORK, False)
    assert reason in told
