"""The policies work without the suite: plain Checkov, given as documented, loads them all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.selftest.breaking import STACK
from tests.selftest.documented import given
from tests.support import tool_environment
from tests.support.checkov import POLICIES
from tests.support.checkov_loaded import policy_files

pytestmark = pytest.mark.selftest

FIXTURES = Path(__file__).with_name("policies")
ID = re.compile(r"\bCKV2?_MNXT_\d+\b")
TOLD = given(
    "checkov -d terraform --framework terraform --external-checks-dir policies"
    " --var-file terraform/environments/production.tfvars"
)


def test_plain_checkov_fails_a_bad_example_by_every_policy(tmp_path: Path) -> None:
    shutil.copytree(POLICIES, tmp_path / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    for stem in sorted(path.name for path in FIXTURES.iterdir()):
        shutil.copytree(FIXTURES / stem, tmp_path / "terraform" / stem)
    shutil.copytree(STACK / "environments", tmp_path / "terraform" / "environments")
    words = [*TOLD, "--compact", "--quiet", "--skip-download"]
    run = subprocess.run(
        [tool_environment.ensure("checkov") / "checkov", *words],
        cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path), "LOG_LEVEL": "WARNING"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr[-2000:]
    assert len(set(ID.findall(run.stdout))) == len(policy_files(POLICIES))
