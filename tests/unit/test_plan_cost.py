"""What each environment costs a month, as planned."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.support import traffic
from tests.support.catalogue import Requirement
from tests.support.cost import assumptions, from_plan, prices, report
from tests.support.cost.estimate import Estimate
from tests.support.expectations import expect, expect_equal, found, only
from tests.support.plan import Plan
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


@pytest.fixture(scope="session")
def estimates(pytestconfig: pytest.Config, plans: dict[str, Plan]) -> report.Estimates:
    """The estimate of each environment asked for; written to the reports as well."""
    found = from_plan.estimates(
        plans, prices.load(date.today()), assumptions.load(), traffic.load()
    )
    report.write(Path(pytestconfig.getoption("--reports")), found)
    return found


@pytest.fixture
def estimate(planned_environment: str, estimates: report.Estimates) -> Estimate:
    """The estimate of each environment in turn."""
    return estimates.of(planned_environment)


@pytest.mark.requirement("COST-02")
def test_environment_costs_what_the_guide_says_it_may(
    planned_environment: str, estimate: Estimate, requirement: Requirement
) -> None:
    least, most = requirement.expected["usd_per_month"][planned_environment]
    largest = estimate.largest(requirement.expected["lines_named"])
    expect(
        f"plan of {planned_environment}", least <= estimate.usd <= most,
        f"{least} to {most} USD a month",
        f"{estimate.usd:.2f} USD a month; the largest lines: {largest}",
    )  # fmt: skip


@pytest.mark.requirement("COST-03")
def test_budget_covers_the_estimate(
    plan: Plan, estimate: Estimate, requirement: Requirement
) -> None:
    budget = only("plan", "budget", plan.all("aws_budgets_budget"))
    limit = float(budget.value("limit_amount"))
    largest = estimate.largest(requirement.expected["lines_named"])
    expect(
        budget.where, limit >= estimate.usd,
        f"at least the estimate, {estimate.usd:.2f} USD",
        f"{limit:.2f} USD; the largest lines: {largest}",
    )  # fmt: skip


@pytest.mark.requirement("COST-04")
def test_spot_carries_only_what_may_be_interrupted(
    service: Resource, planned_environment: str, requirement: Requirement
) -> None:
    strategies = service.nested("capacity_provider_strategy")
    providers = [one.value("capacity_provider") for one in strategies]
    spot = requirement.expected["provider"] in providers
    expect_equal(service.where, "Spot", spot, requirement.expected["spot"][planned_environment])


@pytest.mark.requirement("COST-08")
def test_images_of_long_ago_are_removed(plan: Plan, requirement: Requirement) -> None:
    repository = only("plan", "image repository", plan.all("aws_ecr_repository"))
    expected, name = requirement.expected, repository.value("name")
    own = [one for one in plan.all("aws_ecr_lifecycle_policy") if one.value("repository") == name]
    policy = only(repository.where, "lifecycle policy", own)
    removing = [
        rule
        for rule in json.loads(policy.value("policy"))["rules"]
        if rule["selection"]["tagStatus"] == "any"
        and rule["selection"]["countType"] == "imageCountMoreThan"
        and rule["selection"]["countNumber"] <= expected["images_at_most"]
        and rule["action"]["type"] == expected["action"]
    ]
    found(policy.where, f"rule that keeps {expected['images_at_most']} at most", removing)


@pytest.mark.requirement("COST-05")
def test_somebody_is_told_of_an_anomaly(plan: Plan, prefix: str, requirement: Requirement) -> None:
    expected = requirement.expected
    one = only("plan", "anomaly subscription", plan.all("aws_ce_anomaly_subscription"))
    topic = plan.one("aws_sns_topic", name=f"{prefix}-{expected['topic_suffix']}")
    kinds = [subscriber.value("type") for subscriber in one.nested("subscriber")]
    expect_equal(one.where, "frequency", one.value("frequency"), expected["frequency"])
    expect_equal(one.where, "subscribers", kinds, [expected["subscriber"]])
    expect_equal(one.where, "told", one.points_to("subscriber"), {topic.address})


@pytest.mark.requirement("COST-05")
def test_what_matters_is_said_and_not_left_to_aws(plan: Plan) -> None:
    one = only("plan", "anomaly subscription", plan.all("aws_ce_anomaly_subscription"))
    said = one.sets("threshold_expression")
    expect(one.where, said, "a threshold of its own", "none: Cost Explorer refuses it")


@pytest.mark.requirement("COST-05")
def test_somebody_is_told_of_what_matters_only(plan: Plan, requirement: Requirement) -> None:
    one = only("plan", "anomaly subscription", plan.all("aws_ce_anomaly_subscription"))
    wanted = requirement.expected["threshold"]
    threshold = one.value("threshold_expression[0].dimension[0]")
    actual = {name: threshold[name] for name in wanted}
    expect_equal(one.where, "threshold", actual, wanted)
