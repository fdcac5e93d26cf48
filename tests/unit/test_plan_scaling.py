"""Whether the planned scaling adds up: the bounds, the peak, the night and the idle task."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import traffic
from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect, expect_equal, expect_none, found, only
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.schedules import Bounds, Schedule, in_force
from tests.support.traffic import Traffic
from tests.support.windows import Window

pytestmark = pytest.mark.plan

CAPACITIES = ("min_capacity", "max_capacity")
UTC = (None, "UTC", "Etc/UTC")
SPECIFICATION = "target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0]"


@pytest.fixture
def target(plan: Plan) -> Resource:
    """What Application Auto Scaling may do to the service."""
    return plan.one("aws_appautoscaling_target", service_namespace="ecs")


@pytest.fixture
def targets(catalogue: Catalogue) -> dict[str, float]:
    """The target of each metric."""
    return dict(catalogue.requirement("SCALE-02").expected["targets"])


@pytest.fixture(scope="session")
def expected_load() -> Traffic:
    """The traffic that the environments must carry."""
    return traffic.load()


@pytest.fixture
def actions(plan: Plan, target: Resource) -> list[Bounds]:
    """The scheduled actions; SCALE-03 says which there are."""
    scheduled = plan.all("aws_appautoscaling_scheduled_action")
    return [bounds(one, target) for one in scheduled]


def bounds(action: Resource, target: Resource) -> Bounds:
    expect(action.where, action.value("timezone") in UTC, "UTC", str(action.value("timezone")))
    sets = action.nested("scalable_target_action")[0]
    least, most = (sets.value(name) or target.value(name) for name in CAPACITIES)
    return Bounds(action.where, Schedule.parse(action.value("schedule")), int(least), int(most))


@pytest.fixture
def own(target: Resource) -> Bounds:
    """The target's own bounds, which hold where no action sets others."""
    least, most = (int(target.value(name)) for name in CAPACITIES)
    return Bounds(target.where, Schedule("always", ()), least, most)


@pytest.mark.requirement("SCALE-04")
def test_service_starts_between_its_bounds(
    service: Resource, target: Resource, planned_environment: str, requirement: Requirement
) -> None:
    initial = requirement.expected["starts_with"][planned_environment]
    least, most = int(target.value("min_capacity")), int(target.value("max_capacity"))
    desired = int(service.value("desired_count"))
    wanted = f"between {least} and {most} tasks at creation"
    expect(service.where, least <= desired <= most, wanted, f"{desired}")
    expect_equal(service.where, "tasks at creation", desired, initial)


@pytest.mark.requirement("SCALE-05")
def test_largest_service_carries_the_peak_with_room(
    target: Resource,
    planned_environment: str,
    expected_load: Traffic,
    targets: dict[str, float],
    requirement: Requirement,
) -> None:
    per_task = targets["ALBRequestCountPerTarget"] / 60
    peak = expected_load.place(planned_environment).peak_requests_per_second
    wanted = peak * (1 + requirement.expected["room_percent"] / 100)
    carried = int(target.value("max_capacity")) * per_task
    expect(target.where, carried >= wanted, f"{wanted:.1f} requests/s", f"{carried:.1f}")


@pytest.mark.requirement("SCALE-06")
def test_scheduled_bounds_are_in_order(
    own: Bounds, actions: list[Bounds], planned_environment: str, catalogue: Catalogue
) -> None:
    day = catalogue.requirement("SCALE-01").expected["capacity"][planned_environment]
    wrong = [
        f"{one.where} sets {one.minimum} to {one.maximum}"
        for one in [own, *actions]
        if not 1 <= one.minimum <= day["min"] <= one.maximum
    ]
    expect_none("plan", f"action outside 1 ≤ minimum ≤ {day['min']} ≤ maximum", wrong)


@pytest.mark.requirement("SCALE-06")
@pytest.mark.parametrize("day", ["mon", "tue", "wed", "thu", "fri"])
def test_working_day_has_the_days_bounds(
    day: str,
    own: Bounds,
    actions: list[Bounds],
    planned_environment: str,
    requirement: Requirement,
    catalogue: Catalogue,
) -> None:
    hours = Window.of_schedule({"day": day, **requirement.expected["working_hours"]})
    wanted = catalogue.requirement("SCALE-01").expected["capacity"][planned_environment]
    held = in_force(actions, hours) or [own]
    actual = [{"min": one.minimum, "max": one.maximum} for one in held]
    expect_equal(", ".join(one.where for one in held), f"bounds in {hours}", actual, [wanted])


@pytest.mark.requirement("SCALE-07")
def test_scaling_is_of_this_service(plan: Plan, service: Resource) -> None:
    wanted = f"service/{cluster_of(plan, service)}/{service.value('name')}"
    kinds = ("aws_appautoscaling_target", "aws_appautoscaling_policy",
             "aws_appautoscaling_scheduled_action")  # fmt: skip
    every = found("plan", "scaling", [one for one in plan.resources if one.type in kinds])
    others = [one.where for one in every if one.symbolic("resource_id") != wanted]
    expect_none("plan", f"scaling of another than {wanted}", others)


def cluster_of(plan: Plan, service: Resource) -> str:
    """The name of the service's cluster, which the service may give by its ARN as well."""
    clusters = [plan.at(one).value("name") for one in service.points_to("cluster")]
    return str(only(service.where, "cluster", clusters or [service.symbolic("cluster")]))


@pytest.mark.requirement("SCALE-07")
def test_requests_are_counted_where_the_service_is_registered(
    plan: Plan, load_balancer: Resource, service: Resource
) -> None:
    groups = service.points_to("load_balancer[0].target_group_arn")
    counted = [one for one in plan.all("aws_appautoscaling_policy") if label(one)]
    wanted = {
        f"{load_balancer.symbolic('arn_suffix')}/{plan.at(group).symbolic('arn_suffix')}"
        for group in groups
    }
    for_requests = {label(one) for one in found("plan", "policy on requests", counted)}
    expect_equal(counted[0].where, "resource label", for_requests, wanted)


def label(policy: Resource) -> Any:
    return policy.symbolic(f"{SPECIFICATION}.resource_label")


@pytest.mark.requirement("SCALE-08")
def test_idle_memory_lets_the_service_scale_in(
    plan: Plan, prefix: str, targets: dict[str, float], requirement: Requirement
) -> None:
    task, expected = (
        plan.one("aws_ecs_task_definition", family=f"{prefix}-app"),
        requirement.expected,
    )
    memory = int(task.value("memory"))
    target = targets["ECSServiceAverageMemoryUtilization"]
    idle = 100 * expected["idle_memory_mib"] / memory
    wanted = target * expected["scales_in_below_percent_of_target"] / 100
    expect(
        task.where, idle < wanted, f"less than {wanted:g} % idle", f"{idle:.1f} % of {memory} MiB"
    )
