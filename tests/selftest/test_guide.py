"""The suite on the guide's own Terraform: every defect is found, and nothing that is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.selftest.guide import guide_stack
from tests.support.tier import Run, run_tier

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

FINDINGS = yaml.safe_load(
    Path(__file__).with_name("guide_findings.yaml").read_text(encoding="utf-8")
)
BROKEN: dict[str, dict[str, Any]] = FINDINGS["broken"]
# The defects of the guide's code by the lines of docs/deviations.md that every stack should know.
SEEN_IN_THE_CODE = {1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 17, 18}
ELSEWHERE = ("--ignore-glob=*/unit/test_pipeline*.py", "--ignore=tests/unit/test_runbooks.py")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The static tier on the guide's stack, made plannable."""
    directory = tmp_path_factory.mktemp("guide")
    stack = guide_stack(directory, plannable=True)
    arguments = ["tests/unit", *ELSEWHERE, "--environment", "production"]
    return run_tier("static", stack, directory / "reports", arguments)


@pytest.fixture(scope="module")
def as_written(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The source rules on the guide's stack, to the letter."""
    directory = tmp_path_factory.mktemp("guide")
    stack = guide_stack(directory, plannable=False)
    arguments = ["tests/unit", *ELSEWHERE, "-m", "source"]
    return run_tier("static", stack, directory / "reports", arguments)


@pytest.mark.parametrize("requirement", BROKEN)
def test_defect_is_found_where_it_is(requirement: str, planned: Run) -> None:
    messages = [
        test["message"]
        for test in planned.tests
        if (test["requirement"], test["outcome"]) == (requirement, "fail")
    ]
    assert BROKEN[requirement]["where"] in "\n".join(messages), messages


def test_nothing_else_is_found(planned: Run) -> None:
    assert planned.red() - set(BROKEN) == set()


def test_only_what_is_listed_goes_unjudged(planned: Run) -> None:
    unjudged = {test["requirement"] for test in planned.tests if test["outcome"] == "invalid"}
    assert unjudged - set(FINDINGS["unjudged"]) == set()


def test_arguments_that_the_provider_rejects_are_found(as_written: Run) -> None:
    found = "\n".join(as_written.failing("REDIS-01", "source"))
    assert "auth_token_enabled, number_cache_clusters, replication_group_description" in found


def test_every_defect_of_the_code_is_listed() -> None:
    listed = {finding.get("deviation") for finding in BROKEN.values()} | {2}
    assert SEEN_IN_THE_CODE - listed == set()
