"""A waiver hides what it accepts, on the resource, in the file and until the day it names."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import waivers
from tests.support.findings import Finding, Resource
from tests.support.outcomes import SuiteError
from tests.support.waivers import Applied

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
        pytest.param({"check": None, "requirement": "DB-02"}, id="another-requirement"),
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
