"""The estimate of a month's cost: reckoned by hand, and what it refuses to price."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.selftest.cost_examples import TODAY, assumptions, month, planned
from tests.support.cost import assumptions as assumptions_module
from tests.support.cost import from_plan, prices, report
from tests.support.cost.estimate import Estimate, Quantity, estimate
from tests.support.cost.load import Load, bounds_by_hour, daily_hour
from tests.support.cost.prices import Prices
from tests.support.outcomes import Invalid, SuiteError

pytestmark = pytest.mark.selftest

# --- The price table ----------------------------------------------------------------------

TABLE = """\
prices:
  - {item: task.vcpu_hour, line: Tasks, region: us-east-1, unit: vCPU-hour, usd: 0.04,
     source: Task pricing, date: 2026-11-01, verified: "no"}
  - {item: task.gb_hour, line: Tasks, region: us-east-1, unit: GB-hour, usd: 0.005,
     source: Task pricing, date: 2026-11-02, verified: 2026-11-02, seen_in: a copy of the page}
  - {item: disk.gb, line: Disks, region: us-east-1, unit: GB-month, usd: 1,
     source: Disks pricing, date: 2026-11-03, verified: "no"}
  - {item: name.zone, line: Names, region: us-east-1, unit: month, usd: 0.5,
     source: Names pricing, date: 2026-11-03, verified: "no"}
  - {item: key.request, line: Keys, region: any, unit: million requests, usd: 3, free: 2,
     source: Keys pricing, date: 2026-11-03, verified: "no"}
free:
  - {because: roles are free of charge, types: [aws_iam_role]}
standard_support:
  postgres: {source: Release calendar, until: {"15": 2026-12-31}}
"""


def table(directory: Path, old: str = "", new: str = "", today: date = TODAY) -> Prices:
    path = directory / "prices.yaml"
    path.write_text(TABLE.replace(old, new, 1) if old else TABLE, encoding="utf-8")
    return prices.load(today, path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("usd: 0.04,", "usd: 0,", "prices.yaml:2: prices.0.usd: Input should be greater than 0"),
        ("usd: 0.04,", "usd: .inf,", "prices.yaml:2: prices.0.usd: Input should be a finite"),
        ("usd: 0.04,", "", "prices.yaml:2: prices.0.usd: Field required"),
        ("unit: GB-hour", "units: GB-hour", "prices.yaml:4: prices.1.unit: Field required"),
        ("region: any", "region: here", "prices.yaml:10: prices.4.region: String should match"),
        ("source: Keys pricing, ", "", "prices.yaml:10: prices.4.source: Field required"),
        (", seen_in: a copy of the page", "", "prices.yaml:4: prices.1: a verified price says"),
        ('verified: "no"}', "verified: 2026-11-01}", "prices.yaml:2: prices.0: a verified price"),
        ("2026-11-01", "2026-02-31", "prices.yaml: day is out of range for month"),
        ("task.gb_hour", "task.vcpu_hour", "said twice: task.vcpu_hour in us-east-1"),
        ("[aws_iam_role]", "[aws_x, aws_x]", "said twice: aws_x"),
        ("free:\n", "free:\n  x: [", "prices.yaml:"),
        ("2026-11-03", "2027-11-03", "disk.gb: 2027-11-03 is yet to come"),
    ],
)
def test_malformed_table_is_refused_by_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=re.escape(told)):
        table(tmp_path, old, new)


def test_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"prices\.yaml: No such file"):
        prices.load(TODAY, tmp_path / "prices.yaml")


def test_price_older_than_a_year_makes_the_estimate_invalid(tmp_path: Path) -> None:
    last_day = date(2026, 11, 1) + timedelta(days=366)
    assert table(tmp_path, today=last_day).oldest.item == "task.vcpu_hour"
    with pytest.raises(Invalid, match="vcpu_hour is from 2026-11-01, more than a year ago"):
        table(tmp_path, today=last_day + timedelta(days=1))


@pytest.mark.parametrize(
    ("item", "region"), [("task.disk_hour", "us-east-1"), ("task.gb_hour", "eu-west-1")]
)
def test_item_without_a_price_is_invalid(item: str, region: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=rf"main\.tf:3 a\.b: no price of {item} in {region}"):
        table(tmp_path).of(item, region, "main.tf:3 a.b")


@pytest.mark.parametrize(
    ("engine", "version", "today"),
    [
        ("postgres", "15.4", date(2027, 1, 1)),
        ("postgres", "14.9", TODAY),
        ("mysql", "8.0", TODAY),
    ],
)
def test_version_that_may_cost_extra_is_invalid(
    engine: str, version: str, today: date, tmp_path: Path
) -> None:
    table(tmp_path).require_support("postgres", "15.4", "a.b")
    with pytest.raises(Invalid, match=f"a.b: {engine} {version} is not known to be in standard"):
        table(tmp_path, today=today).require_support(engine, version, "a.b")


def test_no_type_is_both_counted_and_free() -> None:
    table = prices.load(TODAY)
    assert [kind for kind in from_plan.COUNTERS if table.frees(kind)] == []


# --- The arithmetic -----------------------------------------------------------------------


def priced(directory: Path, *used: tuple[str, str, float], share: float = 1) -> Estimate:
    quantities = [
        Quantity(item, region, amount, f"r{n}") for n, (item, region, amount) in enumerate(used)
    ]
    return estimate(quantities, table(directory), share)


def test_estimate_is_what_one_reckons_by_hand(tmp_path: Path) -> None:
    # Two tasks of 2 vCPU and 4 GB for 730 hours: 2920 × 0.04 + 5840 × 0.005 = 146.00.
    found = priced(
        tmp_path,
        ("task.vcpu_hour", "us-east-1", 1460),
        ("task.vcpu_hour", "us-east-1", 1460),
        ("task.gb_hour", "us-east-1", 5840),
        ("key.request", "us-west-2", 4),
    )
    assert found.usd == pytest.approx(146 + (4 - 2) * 3)
    assert found.largest(1) == "Tasks 146.00 (r0, r1, r2)"
    assert [(line.name, round(line.usd, 2)) for line in found.lines] == [
        ("Tasks", 146.0), ("Keys", 6.0)
    ]  # fmt: skip


@pytest.mark.parametrize(("share", "usd"), [(1, 3), (0.5, 6), (0, 9)])
def test_free_allowance_is_taken_off_once_for_all_regions(
    share: float, usd: float, tmp_path: Path
) -> None:
    used = [("key.request", "us-east-1", 1.5), ("key.request", "us-west-2", 1.5)]
    assert priced(tmp_path, *used, share=share).usd == pytest.approx(usd)


def test_what_stays_below_the_free_allowance_costs_nothing(tmp_path: Path) -> None:
    assert priced(tmp_path, ("key.request", "us-east-1", 1)).usd == 0


# --- Requests and tasks -------------------------------------------------------------------

DAY = (0.0,) * 6 + (1.0,) * 2 + (0.25,) * 12 + (0.0,) * 4
LOAD = Load(peak=10, shares=DAY, other_share=0.1, working_days=20, days=30)


def test_requests_of_a_month_are_those_of_its_days() -> None:
    # 20 days of (2 + 12 × 0.25) hours at 10/s, and 10 days of 24 hours at 1/s.
    assert LOAD.requests == pytest.approx(20 * 5 * 3600 * 10 + 10 * 24 * 3600)


@pytest.mark.parametrize(
    ("target", "tasks"),
    [
        # 110 requests per task and minute: 6 tasks at the peak, of which 5 may run, 2 in the day,
        # 1 at weekends. The schedule asks for at least 1 from 6 to 20, for 3 at night.
        (110.0, (20 * (2 * 5 + 12 * 2 + 10 * 3) + 10 * (14 * 1 + 10 * 3)) / 30 / 24),
        (None, (14 * 1 + 10 * 3) / 24),
    ],
)
def test_mean_tasks_follow_schedule_and_load(target: float | None, tasks: float) -> None:
    bounds = bounds_by_hour((9, 9), {6: (1, 5), 20: (3, 5)})
    assert LOAD.mean_tasks(bounds, target) == pytest.approx(tasks)


def test_bounds_hold_over_midnight_and_without_a_schedule() -> None:
    scheduled = bounds_by_hour((9, 9), {6.5: (2, 5), 20: (1, 5)})
    assert [scheduled[hour] for hour in (0, 6, 7, 19, 20)] == [
        (1, 5), (1, 5), (2, 5), (2, 5), (1, 5)
    ]  # fmt: skip
    assert bounds_by_hour((3, 9), {}) == [(3, 9)] * 24


def test_daily_schedule_is_read() -> None:
    assert daily_hour("cron(30 6 * * ? *)", "a.b") == 6.5


@pytest.mark.parametrize(
    "schedule", ["cron(0 6 ? * MON-FRI *)", "cron(0 6 1 * ? *)", "rate(1 day)", "cron(0 6 * * ?)"]
)
def test_other_schedules_are_invalid(schedule: str) -> None:
    with pytest.raises(Invalid, match="the estimate reads daily schedules only"):
        daily_hour(schedule, "a.b")


# --- The assumptions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("hours: {all: 730,", "hours: {", r"assumptions\.yaml:5: hours: give either one number"),
        ("hours: {all: 730,", "hours: {all: 730, staging: 1,", "give either one number"),
        ("hours: {all: 730,", "hour: {all: 730,", "hours: Field required"),
        ("working_days: {all: 22,", "working_days: {all: -1,", "greater than or equal to 0"),
        (', reason: "of thirty; holidays not taken off"', "", r"working_days\.reason: Field requ"),
        ("production: [0.02,", "production: [1.02,", "production: 24 shares between 0 and 1"),
        ("develop: [0, 0,", "develop: [0,", "develop: 24 shares between 0 and 1"),
        ("'^/ecs/'", "'^/ecs('", r"log_groups\.0\.name: no regular expression"),
    ],
)
def test_malformed_assumption_is_refused_by_name(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    text = assumptions_module.PATH.read_text(encoding="utf-8")
    path = tmp_path / "assumptions.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert text.count(old) >= 1
    with pytest.raises(SuiteError, match=told):
        assumptions_module.load(path)


def test_log_group_that_nothing_is_assumed_of_is_invalid() -> None:
    with pytest.raises(Invalid, match=r"a\.b: no entries .* log group /other; there must be one"):
        assumptions().log_group("/other", "a.b")


def test_log_group_that_two_entries_speak_of_is_invalid() -> None:
    assert assumptions().log_group("/b", "a.b").name == "^/(b|bc)$"
    with pytest.raises(Invalid, match=r"a\.b: 2 entries .* log group /bc; there must be one"):
        assumptions().log_group("/bc", "a.b")


# --- From a plan --------------------------------------------------------------------------

CASES = yaml.safe_load(Path(__file__).with_name("cost_cases.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["counted"], ids=itemgetter("id"))
def test_resources_are_counted(case: dict[str, Any]) -> None:
    used: defaultdict[str, float] = defaultdict(float)
    for one in from_plan.quantities(month(planned(case["resources"]), **case.get("changed", {}))):
        used[one.item if one.region == "us-east-1" else f"{one.item} {one.region}"] += one.amount
    assert used == pytest.approx(case["uses"], abs=1e-6)


@pytest.mark.parametrize("case", CASES["refused"], ids=itemgetter("id"))
def test_what_is_charged_for_and_not_priced_is_invalid(case: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=case["says"]):
        from_plan.of_month(month(planned(case["resources"])))


STORAGE = {"aws_rds_cluster.main": {"storage_type": True}}


def test_what_is_left_to_aws_is_taken_as_its_default() -> None:
    plan = planned({"aws_rds_cluster.main": CASES["shared"]["cluster"]}, STORAGE)
    assert from_plan.of_month(month(plan)).lines[0].name == "Aurora storage and I/O"


def test_what_is_set_to_something_unknown_is_invalid() -> None:
    cluster = {**CASES["shared"]["cluster"], "storage_type": "⟨terraform_data.x.output⟩"}
    with pytest.raises(Invalid, match="storage_type is known only after apply"):
        from_plan.of_month(month(planned({"aws_rds_cluster.main": cluster}, STORAGE)))


def test_every_counter_has_a_case() -> None:
    counted = {name.split(".")[0] for case in CASES["counted"] for name in case["resources"]}
    assert from_plan.COUNTERS.keys() - counted == set()


def test_dedicated_addresses_of_a_distribution_are_not_overlooked() -> None:
    edge = {**CASES["shared"]["edge"], "viewer_certificate": [{"ssl_support_method": "vip"}]}
    found = from_plan.of_month(month(planned({"aws_cloudfront_distribution.a": edge})))
    assert found.lines[0].name == "CloudFront"
    assert found.usd > 600


# --- The report ---------------------------------------------------------------------------


def test_report_names_the_largest_lines_and_what_could_not_be_estimated(tmp_path: Path) -> None:
    where = "us-east-1"
    used = [("name.zone", where, 1), ("task.gb_hour", where, 2000), ("key.request", where, 5)]
    found = priced(tmp_path, *used, ("disk.gb", where, 3))
    estimates = report.Estimates(
        table(tmp_path), {"staging": found, "production": Invalid("no price of x")}
    )
    report.write(tmp_path / "reports", estimates)
    document = json.loads((tmp_path / "reports/cost.json").read_text(encoding="utf-8"))
    text = (tmp_path / "reports/cost.md").read_text(encoding="utf-8")
    assert document["environments"]["staging"]["total"] == 22.5
    assert document["environments"]["staging"]["largest"] == ["Tasks", "Keys", "Disks"]
    assert document["environments"]["production"] == {"invalid": "no price of x"}
    assert "**22.50**; the 3 largest lines: Tasks 10.00, Keys 9.00, Disks 3.00." in text
    assert "No estimate: no price of x" in text


def test_environment_without_an_estimate_is_invalid(tmp_path: Path) -> None:
    estimates = report.Estimates(table(tmp_path), {"production": Invalid("no price of x")})
    with pytest.raises(Invalid, match="no price of x"):
        estimates.of("production")
