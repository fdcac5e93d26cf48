"""Every mistake in the pipeline turns its own requirement red, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.selftest.repositories import (
    WORKFLOW,
    Mistake,
    changed,
    judge,
    mistakes,
    repository,
    written,
)
from tests.support.outcomes import SuiteError
from tests.support.workflow import Event, Workflow

pytestmark = pytest.mark.selftest

PIPELINE = written(WORKFLOW)


@pytest.mark.parametrize("mistake", mistakes("pipeline"), ids=lambda mistake: mistake.id)
def test_mistake_turns_its_requirement_red_and_no_other(mistake: Mistake, tmp_path: Path) -> None:
    files = {WORKFLOW: mistake.made_in(PIPELINE)}
    failures = judge(repository(tmp_path, files), "test_pipeline*.py")
    message = failures.of(mistake.test)
    assert re.search(mistake.says, message, re.MULTILINE), message
    assert failures.requirements == {mistake.requirement, *mistake.also}


def test_pipeline_itself_is_green_in_another_repository(tmp_path: Path) -> None:
    failures = judge(repository(tmp_path, {WORKFLOW: PIPELINE}), "test_pipeline*.py")
    assert failures.messages == {}


def test_pipeline_of_the_guide_is_red_for_every_requirement(tmp_path: Path) -> None:
    guide = written("tests/selftest/guide_files/deploy.yml")
    failures = judge(repository(tmp_path, {WORKFLOW: guide}), "test_pipeline*.py")
    broken = {f"PIPE-{number:02}" for number in (1, 2, 3, 4, 5, 7, 8, 11)}
    assert failures.requirements == broken
    assert "ClusterNotFoundException: mantisnxt-main" in failures.of(
        "test_branch_is_deployed_to_its_environment[main]"
    )
    assert "= success" in failures.of("test_failed_migration_stops_the_deployment[failed]")


BAD_INPUT = {
    "missing": (None, r"deploy\.yml: no such file; it belongs to the stack"),
    "not-yaml": (PIPELINE + "  - [\n", r"deploy\.yml:\d+: "),
    "key-twice": (PIPELINE + "jobs: {}\n", r"deploy\.yml:\d+: jobs is given twice"),
    "no-jobs": ("on: push\n", r"deploy\.yml: jobs must be a mapping with keys"),
    "unknown-job": (
        changed(PIPELINE, "needs: [deploy]\n", "needs: [deploys]\n"),
        r"deploy\.yml:\d+: integration needs deploys, which is no job",
    ),
    "unknown-function": (
        changed(PIPELINE, "success' &&\n", "success' && canceled() &&\n"),
        r"deploy\.yml:\d+: .*: canceled\(\) is not known here",
    ),
    "other-shell": (
        changed(PIPELINE, "shell: bash", "shell: pwsh"),
        r"deploy\.yml:\d+: only bash can be rehearsed, not pwsh",
    ),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_clear_error(case: str, tmp_path: Path) -> None:
    pipeline, says = BAD_INPUT[case]
    files = {"docs/other.md": ""} if pipeline is None else {WORKFLOW: pipeline}
    failures = judge(repository(tmp_path, files), "test_pipeline*.py")
    assert failures.messages
    unclear = [text for text in failures.messages.values() if not re.search(says, text)]
    assert "Traceback" not in "".join(failures.messages.values())
    assert all(text.startswith("PIPE-") for text in unclear), unclear


def test_copy_of_the_stack_alone_goes_with_this_repositorys_pipeline(tmp_path: Path) -> None:
    failures = judge(repository(tmp_path, {}), "test_pipeline*.py")
    assert failures.messages == {}


SMALL = """
on:
  push: {branches: [main, "release/*"]}
jobs:
  test:
    steps: [{run: "true"}]
  tier:
    needs: test
    if: github.ref == 'refs/heads/main'
    steps: [{run: "true"}]
  deploy:
    needs: [test, tier]
    if: "!cancelled() && needs.test.result == 'success'"
    steps: [{run: "true"}]
  after:
    needs: deploy
    steps: [{run: "true"}]
"""


@pytest.fixture
def small(tmp_path: Path) -> Workflow:
    """Four jobs, one of which is skipped but for main."""
    path = tmp_path / "small.yml"
    path.write_text(SMALL, encoding="utf-8")
    return Workflow.load(path, "small.yml")


@pytest.mark.parametrize(
    ("branch", "ended", "results"),
    [
        ("main", {}, "success success success success"),
        ("main", {"tier": "failure"}, "success failure success skipped"),
        ("main", {"test": "failure"}, "failure skipped skipped skipped"),
        # The skipped tier skips what comes after the deployment, though the deployment succeeded.
        ("release/1", {}, "success skipped success skipped"),
    ],
)
def test_results_follow_needs_and_conditions(
    branch: str, ended: dict[str, str], results: str, small: Workflow
) -> None:
    found = small.results(Event("push", branch), ended)
    assert [found[name] for name in ("test", "tier", "deploy", "after")] == results.split()


@pytest.mark.parametrize("event", [Event("push", "other"), Event("pull_request", "main")])
def test_event_that_starts_nothing_has_no_results(event: Event, small: Workflow) -> None:
    assert small.results(event) == {}


def test_circle_of_needs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "circle.yml"
    path.write_text(changed(SMALL, "  test:\n", "  test:\n    needs: after\n"), encoding="utf-8")
    with pytest.raises(SuiteError, match=r"circle\.yml:\d+: \w+ needs itself"):
        Workflow.load(path, "circle.yml").results(Event("push", "main"))
