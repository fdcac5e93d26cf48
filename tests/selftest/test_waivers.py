"""A waiver hides what it accepts, on the resource, in the file and until the day it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.selftest.breaking import broken_stack
from tests.support import waivers
from tests.support.findings import Finding, Resource
from tests.support.outcomes import SuiteError, Violation
from tests.support.project import ROOT
from tests.support.tier import run_tier
from tests.support.waivers import UNUSED, Applied, Ledger

pytestmark = pytest.mark.selftest

TODAY = date(2026, 11, 24)
ENTRY: dict[str, Any] = {
    "check": "CKV_AWS_18",
    "addresses": ["module.logs.aws_s3_bucket.this"],
    "file": "modules/bucket/main.tf",
    "reason": "A log of who reads the log would need a bucket of its own.",
    "owner": "Infrastructure",
    "expires": "2027-01-31",
}
FINDING = Finding(
    check_id="CKV_AWS_18",
    check_name="Ensure the S3 bucket has access logging enabled",
    resource=Resource("module.logs.aws_s3_bucket.this", "modules/bucket/main.tf"),
    line_range=(3, 5),
    stack="terraform",
    requirement=None,
)
OF_A_POLICY = Finding(
    check_id="CKV2_MNXT_1",
    check_name="Aurora's storage is encrypted with a key of one's own",
    resource=Resource("aws_rds_cluster.main", "database.tf"),
    line_range=(20, 62),
    stack="terraform",
    requirement="DB-02",
)
FOR_A_REQUIREMENT = {
    "check": None,
    "requirement": "DB-02",
    "addresses": ["aws_rds_cluster.main"],
    "file": "database.tf",
}


def written(directory: Path, *entries: dict[str, Any]) -> Path:
    """A waivers file with these entries; what is None is left out."""
    kept = [{key: value for key, value in e.items() if value is not None} for e in entries]
    path = directory / "waivers.yaml"
    path.write_text(yaml.safe_dump({"waivers": kept}), encoding="utf-8")
    return path


def apply(directory: Path, finding: Finding, **changes: Any) -> Applied:
    """A waiver with these changes, on one finding."""
    return waivers.load(written(directory, {**ENTRY, **changes})).apply([finding], TODAY)


def test_waiver_accepts_its_finding(tmp_path: Path) -> None:
    applied = apply(tmp_path, FINDING)
    assert (applied.open, applied.problems) == ((), ())
    assert [waived.finding for waived in applied.waived] == [FINDING]


def test_waived_finding_says_why_who_and_until_when(tmp_path: Path) -> None:
    said = str(apply(tmp_path, FINDING).waived[0])
    assert said.endswith(f": {ENTRY['reason']} (Infrastructure, until 2027-01-31)")


def test_waiver_for_a_requirement_accepts_the_findings_of_its_policies(tmp_path: Path) -> None:
    applied = apply(tmp_path, OF_A_POLICY, **FOR_A_REQUIREMENT)
    assert [waived.finding for waived in applied.waived] == [OF_A_POLICY]


@pytest.mark.parametrize("day", ["2026-11-24", "2027-11-25"])
def test_waiver_holds_on_its_last_day_and_for_a_year(day: str, tmp_path: Path) -> None:
    assert apply(tmp_path, FINDING, expires=day).open == ()


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-11-23", "expired on 2026-11-23"),
        ("2027-11-26", "a year is the longest"),
        ("2027-02-30", "counts as past"),
        ("soon", "counts as past"),
        ("20270131", "counts as past"),
        ("2027-01-31 12:00:00", "counts as past"),
    ],
)
def test_waiver_that_does_not_hold_leaves_its_finding_open(
    day: str, says: str, tmp_path: Path
) -> None:
    applied = apply(tmp_path, FINDING, expires=day)
    assert (applied.open, applied.waived) == ((FINDING,), ())
    assert [says in problem for problem in applied.problems] == [True]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"check": "CKV_AWS_19"}, id="another-check"),
        pytest.param({"file": "storage.tf"}, id="wrong-file"),
        pytest.param({"addresses": ["module.assets.aws_s3_bucket.this"]}, id="another-resource"),
    ],
)
def test_waiver_that_matches_nothing_is_a_problem(change: dict[str, Any], tmp_path: Path) -> None:
    applied = apply(tmp_path, FINDING, **change)
    assert applied.open == (FINDING,)
    assert ["there is no such finding any more" in p for p in applied.problems] == [True]


def test_each_address_must_match(tmp_path: Path) -> None:
    applied = apply(tmp_path, FINDING, addresses=[*ENTRY["addresses"], "aws_s3_bucket.gone"])
    assert applied.open == ()
    assert [problem.split(" in ")[0] for problem in applied.problems] == [
        "CKV_AWS_18 on aws_s3_bucket.gone"
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"owner": "someone@mantisnxt.com"}, "entry 1 (CKV_AWS_18) owner"),
        ({"reason": "ok"}, "entry 1 (CKV_AWS_18) reason"),
        ({"addresses": []}, "entry 1 (CKV_AWS_18) addresses"),
        ({"file": None}, "entry 1 (CKV_AWS_18) file"),
        ({"expires": None}, "entry 1 (CKV_AWS_18) expires"),
        ({"check": "all"}, "entry 1 (all) check"),
        ({"check": None}, "name either a check or a requirement"),
        ({"requirement": "DB-02"}, "name either a check or a requirement"),
        ({"note": "x"}, "entry 1 (CKV_AWS_18) note"),
        ({"addresses": ENTRY["addresses"] * 2}, "is accepted 2 times"),
    ],
)
def test_malformed_entry_is_refused(changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(SuiteError) as refused:
        waivers.load(written(tmp_path, {**ENTRY, **changes}))
    assert says in str(refused.value)


def test_duplicate_entry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"CKV_AWS_18 on module\.logs\..* is accepted 2 times"):
        waivers.load(written(tmp_path, ENTRY, {**ENTRY, "expires": "2027-02-28"}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("waivers: [", "waivers.yaml:2: "),
        ("- check: CKV_AWS_18", "waivers.yaml: Input should be a valid dictionary"),
        ("accepted: []", "waivers.yaml: accepted: Extra inputs"),
    ],
)
def test_malformed_file_is_one_error(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(SuiteError) as refused:
        waivers.load(path)
    assert says in str(refused.value)


def test_missing_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="No such file"):
        waivers.load(tmp_path / "waivers.yaml")


# --- Waivers of requirements, in the source and in the plan -------------------------------

OF_A_RULE: dict[str, Any] = {
    "requirement": "ECS-05",
    "addresses": ["aws_ecs_service.app"],
    "file": "ecs.tf",
    "reason": "The count is set by hand until the load test has been repeated.",
    "owner": "DevOps",
    "expires": "2027-01-31",
}
PLACE = "terraform/ecs.tf:141  aws_ecs_service.app"


def ledger(directory: Path, **changes: Any) -> Ledger:
    """A ledger of one waiver of a requirement with these changes."""
    return Ledger(waivers.load(written(directory, {**OF_A_RULE, **changes})), "terraform", TODAY)


def violation(where: str, *offenders: str) -> Violation:
    """A rule's objection."""
    return Violation(where, "as required", "otherwise", offenders)


ACCEPTED = {
    "the-resource": violation(PLACE),
    "a-property-of-it": violation(PLACE, "desired_count"),
    "one-space": violation("terraform/ecs.tf:141 aws_ecs_service.app"),
    "all-offenders": violation("plan", f"{PLACE} lacks a tag", f"{PLACE} lacks another"),
}


@pytest.mark.parametrize("objection", ACCEPTED.values(), ids=ACCEPTED)
def test_objection_to_the_resource_is_accepted_with_its_reason(
    objection: Violation, tmp_path: Path
) -> None:
    used = ledger(tmp_path)
    wanted = f"{OF_A_RULE['reason']} (DevOps, until 2027-01-31)"
    assert used.accept("ECS-05", objection) == wanted
    assert used.problems(whole=True) == []


OPEN = {
    "another-resource": violation("terraform/ecs.tf:141  aws_ecs_service.other"),
    "longer-address": violation("terraform/ecs.tf:141  aws_ecs_service.app2"),
    "an-instance-of-it": violation("terraform/ecs.tf:141  aws_ecs_service.app[0]"),
    "another-file": violation("terraform/pipeline.tf:141  aws_ecs_service.app"),
    "same-name-elsewhere": violation("terraform/modules/x/ecs.tf:1  aws_ecs_service.app"),
    "several-places": violation(f"{PLACE}, terraform/alb.tf:1  aws_lb.main"),
    "more-than-the-place": violation(f"{PLACE} and another"),
    "one-of-two-offenders": violation("plan", PLACE, "terraform/alb.tf:1  aws_lb.main"),
    "no-place": violation("plan"),
    "something-deployed": violation(
        "arn:aws:ecs:us-east-1:222233334444:service/mantisnxt-staging/app"
    ),
    "an-offender-without-a-place": violation("plan", PLACE, "something"),
}


@pytest.mark.parametrize("objection", OPEN.values(), ids=OPEN)
def test_objection_to_anything_else_stays_open(objection: Violation, tmp_path: Path) -> None:
    unused = ledger(tmp_path)
    assert unused.accept("ECS-05", objection) is None
    assert unused.problems(whole=True) == [f"ECS-05 on aws_ecs_service.app in ecs.tf: {UNUSED}"]


def test_objection_of_another_requirement_stays_open(tmp_path: Path) -> None:
    assert ledger(tmp_path).accept("ECS-06", violation(PLACE)) is None


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-11-23", "expired on 2026-11-23"),
        ("2027-11-26", "a year is the longest"),
        ("2027-02-30", "counts as past"),
        ("soon", "counts as past"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_waiver_of_a_requirement_that_does_not_hold_accepts_nothing(
    whole: bool, day: str, says: str, tmp_path: Path
) -> None:
    past = ledger(tmp_path, expires=day)
    assert past.accept("ECS-05", violation(PLACE)) is None
    assert [says in problem for problem in past.problems(whole=whole)] == [True]


def test_waiver_of_a_requirement_holds_on_its_last_day(tmp_path: Path) -> None:
    assert ledger(tmp_path, expires="2026-11-24").accept("ECS-05", violation(PLACE))


def test_only_a_whole_run_calls_a_waiver_unused(tmp_path: Path) -> None:
    assert ledger(tmp_path).problems(whole=False) == []
    assert ledger(tmp_path).problems(whole=True) != []


def test_each_address_of_a_waiver_must_be_needed(tmp_path: Path) -> None:
    used = ledger(tmp_path, addresses=["aws_ecs_service.app", "aws_ecs_service.gone"])
    used.accept("ECS-05", violation(PLACE))
    gone = f"ECS-05 on aws_ecs_service.gone in ecs.tf: {UNUSED}"
    assert used.problems(whole=True) == [gone]


def test_waiver_that_a_policy_needed_is_used(tmp_path: Path) -> None:
    accepted = waivers.load(written(tmp_path, {**ENTRY, **FOR_A_REQUIREMENT}))
    used = Ledger(accepted, "terraform", TODAY)
    used.note(accepted.apply([OF_A_POLICY], TODAY).waived)
    assert used.problems(whole=True) == []


def test_waiver_of_a_check_is_no_business_of_the_ledger(tmp_path: Path) -> None:
    every = waivers.load(written(tmp_path, ENTRY))
    assert Ledger(every, "terraform", TODAY).problems(whole=True) == []


# --- A run with waivers -------------------------------------------------------------------


@dataclass
class Outcomes:
    """A pytest plugin that keeps each test's outcome and message, by its name.

    Of the tests collected it runs those in `files`; that is unknown to pytest, for which none is
    left out.
    """

    files: tuple[str, ...]
    verdicts: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        session.items[:] = [item for item in session.items if item.path.name in self.files]

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("::")[2]
        if report.when == "call":
            self.verdicts[name] = str(getattr(report, "verdict", "pass"))
            self.messages[name] = str(report.longrepr)


RULE = "test_service_leaves_revision_and_count_to_their_owners"
WAIVERS_HOLD = "test_every_waiver_of_a_requirement_still_holds"


def waived_stack(directory: Path, *, broken: bool = True, **changes: Any) -> Path:
    """A stack with one mistake, that the service's count is Terraform's, and one waiver."""
    stack = broken_stack([], directory)
    owners = "ignore_changes = [task_definition, desired_count]"
    text = (stack / "ecs.tf").read_text(encoding="utf-8")
    assert text.count(owners) == 1
    kept = text.replace(", desired_count]", "]") if broken else text
    (stack / "ecs.tf").write_text(kept, encoding="utf-8")
    coming = date.today() + timedelta(days=30)
    written(directory / "tests", {**OF_A_RULE, "expires": str(coming), **changes})
    return stack


def run(directory: Path, *arguments: str, broken: bool = True, **changes: Any) -> Outcomes:
    """The source rules and the rule about waivers, on such a stack."""
    stack = waived_stack(directory, broken=broken, **changes)
    outcomes = Outcomes(("test_source.py", "test_waivers.py"))
    options = ["-q", "--no-header", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    pytest.main(
        [*options, str(ROOT / "tests/unit"), f"--stack={stack}", *arguments], plugins=[outcomes]
    )
    return outcomes


def test_rule_on_an_accepted_resource_is_waived_and_not_passed(tmp_path: Path) -> None:
    outcomes = run(tmp_path)
    assert outcomes.verdicts[RULE] == "waived"
    assert "ECS-05 waived: terraform/ecs.tf:" in outcomes.messages[RULE]
    assert OF_A_RULE["reason"] in outcomes.messages[RULE]
    assert {name for name, verdict in outcomes.verdicts.items() if verdict != "pass"} == {RULE}


def test_waived_rule_is_recorded_as_waived_and_fails_no_run(tmp_path: Path) -> None:
    done = run_tier("static", waived_stack(tmp_path), tmp_path, ["tests/unit/test_source.py"])
    recorded = {t["test"].partition("::")[2]: t for t in done.tests}
    assert (done.code, recorded[RULE]["outcome"]) == (0, "waived")
    assert OF_A_RULE["reason"] in recorded[RULE]["message"]
    assert "WAIVED: accepted in tests/waivers.yaml" in done.output


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"expires": "2026-01-31"}, "expired on 2026-01-31"),
        ({"expires": "31.12.2099"}, "counts as past"),
        ({"file": "alb.tf"}, UNUSED),
        ({"requirement": "ECS-06"}, UNUSED),
    ],
    ids=["expired", "no-day", "another-file", "another-requirement"],
)
def test_waiver_that_does_not_fit_fails_and_accepts_nothing(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    outcomes = run(tmp_path, **changes)
    assert (outcomes.verdicts[RULE], outcomes.verdicts[WAIVERS_HOLD]) == ("fail", "fail")
    assert says in outcomes.messages[WAIVERS_HOLD]


@pytest.mark.parametrize(
    "narrowed",
    [
        ("-m", "source"),
        ("-k", "waiver or owners"),
        ("--environment=staging",),
        (f"--ignore={ROOT / 'tests/unit/test_plan_cost.py'}",),
        ("--deselect=tests/unit/test_stack.py",),
    ],
    ids=lambda narrowed: narrowed[0],
)
def test_part_of_a_run_calls_no_waiver_unused(narrowed: tuple[str, ...], tmp_path: Path) -> None:
    assert run(tmp_path, *narrowed, broken=False).verdicts[WAIVERS_HOLD] == "pass"


def test_whole_run_calls_a_waiver_unused(tmp_path: Path) -> None:
    outcomes = run(tmp_path, broken=False)
    assert (outcomes.verdicts[RULE], outcomes.verdicts[WAIVERS_HOLD]) == ("pass", "fail")
    assert UNUSED in outcomes.messages[WAIVERS_HOLD]


def test_unreadable_waivers_are_told_once_and_accept_nothing(tmp_path: Path) -> None:
    outcomes = run(tmp_path, owner="somebody")
    assert outcomes.verdicts[RULE] == "fail"
    assert WAIVERS_HOLD not in outcomes.verdicts
