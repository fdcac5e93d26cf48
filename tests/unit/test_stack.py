"""The stack as Terraform itself judges it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import planning
from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_none

pytestmark = pytest.mark.plan


@pytest.mark.requirement("TF-01")
@pytest.mark.parametrize(("severity", "key"), [("error", "errors"), ("warning", "warnings")])
def test_terraform_has_nothing_to_say(
    severity: str, key: str, stack: Path, requirement: Requirement
) -> None:
    said = [
        f"{diagnostic.where} {diagnostic.summary}"
        for diagnostic in planning.validate(stack)
        if diagnostic.severity == severity
    ]
    expect_none(str(stack), severity, said)
    expect_equal(str(stack), key, len(said), requirement.expected[key])


@pytest.mark.requirement("TF-01")
def test_files_are_formatted(stack: Path) -> None:
    expect_none(str(stack), "unformatted file", planning.unformatted(stack))
