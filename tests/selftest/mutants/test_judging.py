"""A mutant is killed by an assertion of a requirement that it concerns, and by nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.mutants import children
from tests.mutants.concern import _BY_TYPE, concerned, families
from tests.mutants.mutant import Edit, Mutant
from tests.mutants.rules import Answer, Request, Server
from tests.mutants.worker import Judge, judging
from tests.support.checkov import Scan
from tests.support.report import Verdict
from tests.support.source import SourceTree

pytestmark = pytest.mark.selftest

HERE = Path(__file__).parent
STACK = HERE.parents[2] / "terraform"


def answer(verdict: Verdict, requirement: str, concerns: tuple[str, ...]) -> Answer:
    """What a request is answered with when one test ends so."""
    report: Any = SimpleNamespace(
        verdict=verdict,
        nodeid="test",
        longreprtext="DB-02\n  expected  a\n  actual    b",
        user_properties=[("requirement", requirement), ("place", "plan")],
    )
    server = Server.__new__(Server)
    server._answer, server._request = Answer(), Request("", (), families=concerns)
    server.pytest_runtest_logreport(report)
    return server._answer


def test_failed_assertion_of_a_requirement_concerned_kills() -> None:
    killed = answer(Verdict.failed, "DB-02", ("DB", "KMS")).killed
    assert killed == {
        "test": "test",
        "requirement": "DB-02",
        "layer": "plan",
        "message": "expected a · actual b",
    }


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.failed])
def test_no_other_outcome_kills(verdict: Verdict) -> None:
    assert answer(verdict, "DB-02", ()).killed is None


def test_test_that_could_not_judge_is_told() -> None:
    assert answer(Verdict.invalid, "DB-02", ()).unjudged == ["test"]


def test_failure_of_a_requirement_not_concerned_is_told_and_kills_nothing() -> None:
    told = answer(Verdict.failed, "ALB-01", ("DB",))
    assert (told.killed, told.elsewhere) == (None, ["ALB-01"])


@pytest.mark.parametrize(
    ("kind", "requirement", "is_concerned"),
    [
        ("aws_rds_cluster", "DB-02", True),
        ("aws_rds_cluster", "POL-01", True),
        ("aws_rds_cluster", "WAF-01", False),
        ("aws_sns_topic", "MON-04", True),
        ("aws_sns_topic", "ALB-01", False),
        ("aws_iam_role", "PIPE-02", True),
        ("aws_route_table", "NET-01", True),
        ("aws_route53_record", "DNS-01", True),
        ("aws_route53_record", "NET-01", False),
        ("", "NET-01", True),
    ],
)
def test_requirement_concerns_a_kind_of_resource(
    kind: str, requirement: str, is_concerned: bool
) -> None:
    assert concerned(families(kind), requirement) is is_concerned


def test_every_row_is_the_first_for_a_kind_of_the_stack() -> None:
    tree = SourceTree.load(STACK)
    kinds = {block.labels[0] for kind in ("resource", "data") for block in tree.blocks(kind)}
    firsts = {
        next((pattern for pattern, _ in _BY_TYPE if re.match(pattern, kind)), "") for kind in kinds
    }
    assert [pattern for pattern, _ in _BY_TYPE if pattern not in firsts] == []


# --- On the stack ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """A judge that has seen the tree as it is."""
    with judging(STACK) as judge:
        assert judge.judge(Mutant("", "", "", 0, "", ())).outcome == "survived"
        yield judge


def replaced(file: str, old: str, new: str, needs_init: bool = False) -> Mutant:
    """A mutant that puts one text in the place of another."""
    text = (STACK / file).read_text(encoding="utf-8")
    start = text.index(old)
    edits = (Edit(file, start, start + len(old), new),)
    return Mutant(new, "", "", 0, "", edits, needs_init=needs_init)


@pytest.mark.provider
def test_defect_is_killed_by_its_requirement(judge: Judge) -> None:
    result = judge.judge(replaced("database.tf", "encrypted = true", "encrypted = false"))
    assert result.killed is not None
    assert (result.outcome, result.killed["requirement"]) == ("killed", "DB-02")
    assert "CKV_AWS_96 aws_rds_cluster.main" in result.checkov


@pytest.mark.provider
def test_what_nobody_looks_at_survives(judge: Judge) -> None:
    result = judge.judge(replaced("redis.tf", "Redis cluster for MantisNXT", "Another"))
    assert (result.outcome, result.killed, result.unjudged_tests) == ("survived", None, [])


@pytest.mark.provider
@pytest.mark.parametrize(
    ("file", "old", "new", "by"),
    [
        ("redis.tf", "multi_az_enabled ", "no_such_argument ", "validate"),
        ("environments/production.tfvars", '"production"', '"nowhere"', "plan"),
        ("providers.tf", "~> 5.100", "~> 99.0", "init"),
    ],
    ids=["validate", "plan", "init"],
)
def test_what_terraform_rejects_is_invalid(
    file: str, old: str, new: str, by: str, judge: Judge
) -> None:
    result = judge.judge(replaced(file, old, new, by == "init"))
    assert (result.outcome, result.rejected_by) == ("invalid", by), result


@pytest.mark.provider
def test_plan_that_finds_no_space_on_the_disk_is_unjudged(judge: Judge) -> None:
    file = judge._planner._copy / f"production.{os.getpid()}.tfplan"
    file.symlink_to("/dev/full")
    result = judge.judge(replaced("redis.tf", "Redis cluster for MantisNXT", "Another"))
    assert (result.outcome, result.rejected_by) == ("unjudged", "")
    assert "no space left on device" in result.reason


@pytest.mark.provider
def test_tree_is_as_it_was_after_each_mutant(judge: Judge) -> None:
    judge.judge(replaced("redis.tf", "Redis cluster for MantisNXT", "Another"))
    own = (judge._tree / "redis.tf").read_text(encoding="utf-8")
    assert own == (STACK / "redis.tf").read_text(encoding="utf-8")


@pytest.mark.provider
def test_loaded_checkov_finds_what_its_program_finds(tmp_path: Path) -> None:
    # Checkov's own checks cannot read the stack of the operators: it leaves out what AWS requires.
    stack = HERE.parent / "reachability" / "stacks" / "separate"
    with children.checkov(stack) as loaded:
        assert children.scanned(loaded, stack, tmp_path) is None
    result = Scan(stack).result()
    own = {(f.check_id, f.resource.address) for f in result.findings if not f.requirement}
    assert own
    assert children.findings(tmp_path) == own
