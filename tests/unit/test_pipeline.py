"""The pipeline that deploys the stack: which jobs run, when, by whose permission."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import planning
from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import (
    expect_equal,
    expect_members,
    expect_none,
    found,
    only,
)
from tests.support.job_rehearsal import Called, JobRehearsal
from tests.support.rehearsal import Answer
from tests.support.source import SourceTree
from tests.support.workflow import Event, Job, Workflow

pytestmark = pytest.mark.source

BRANCHES = ["develop", "staging", "main"]
TIERS = ["static", "integration", "load"]


@pytest.fixture
def gate(tier: str, workflow: Workflow, catalogue: Catalogue) -> Job:
    """The job of the tier that the test is about."""
    command = catalogue.requirement("PIPE-04").expected[tier]
    return only(workflow.name, f"job with {command}", workflow.jobs_running(command))


@pytest.mark.requirement("PIPE-02")
def test_pipeline_holds_no_access_key(workflow: Workflow, requirement: Requirement) -> None:
    words = str(workflow.keys).lower().replace("_", "-")
    keys = [key for key in requirement.expected["rejected"] if key in words]
    expect_none(workflow.name, "access key", keys)


@pytest.mark.requirement("PIPE-02")
@pytest.mark.parametrize("branch", BRANCHES)
def test_branch_signs_in_by_its_environments_role(
    branch: str,
    workflow: Workflow,
    deploying: Job,
    source: SourceTree,
    requirement: Requirement,
    catalogue: Catalogue,
) -> None:
    environment = catalogue.requirement("PIPE-01").expected["branches"][branch]
    account = planning.account_of(source, environment)
    wanted = requirement.expected["role"].format(account=account, environment=environment)
    jobs = [
        deploying,
        *found(workflow.name, "push of the image", workflow.jobs_running("docker push")),
    ]
    roles = {
        (step.where, workflow.given(Event("push", branch), job, step, "role-to-assume"))
        for job in jobs
        for step in found(job.where, "step that signs in", job.sign_ins)
    }
    others = [f"{where} by {role}" for where, role in roles if role != wanted]
    expect_none(workflow.name, f"sign-in but by {wanted}", others)


@pytest.mark.requirement("PIPE-02")
@pytest.mark.parametrize("tier", ["integration", "load"])
def test_tier_reads_staging_by_a_role_that_can_only_read(
    tier: str, workflow: Workflow, gate: Job, source: SourceTree, requirement: Requirement
) -> None:
    account = planning.account_of(source, "staging")
    wanted = requirement.expected["reading_role"].format(account=account)
    step = only(gate.where, "step that signs in", gate.sign_ins)
    event = Event("push", {"load": "main"}.get(tier, "staging"))
    role = workflow.given(event, gate, step, "role-to-assume")
    expect_equal(step.where, f"role of the {tier} tier", role, wanted)


@pytest.mark.requirement("PIPE-02")
def test_token_of_every_sign_in_names_the_branch(workflow: Workflow) -> None:
    jobs = [job for job in workflow.jobs.values() if job.sign_ins]
    mute = [
        job.where
        for job in found(workflow.name, "job that signs in", jobs)
        if workflow.permission(job, "id-token") != "write"
    ]
    expect_none(workflow.name, "sign-in without id-token: write", mute)
    # With `environment:` the token's subject names that, and the role's trust refuses it.
    others = [job.where for job in jobs if "environment" in job.keys]
    expect_none(workflow.name, "sign-in from a job with an environment", others)


@pytest.mark.requirement("PIPE-02")
@pytest.mark.parametrize("branch", BRANCHES)
def test_pull_request_signs_in_nowhere(branch: str, workflow: Workflow) -> None:
    results = workflow.results(Event("pull_request", branch))
    running = [workflow.jobs[name] for name, result in results.items() if result != "skipped"]
    jobs = found(workflow.name, f"job for a pull request into {branch}", running)
    expect_none(workflow.name, "sign-in", [job.where for job in jobs if job.sign_ins])


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize(
    ("tier", "branch", "result"),
    [
        *(("static", branch, "skipped") for branch in BRANCHES),
        ("load", "main", "skipped"),
        # Only production waits for the load tier; the others are deployed without it.
        ("load", "staging", "success"),
        ("load", "develop", "success"),
    ],
)
def test_deployment_waits_for_the_tier(
    tier: str,
    branch: str,
    result: str,
    workflow: Workflow,
    deploying: Job,
    gate: Job,
) -> None:
    results = workflow.results(Event("push", branch), {gate.name: "failure"})
    what = f"deployment of {branch} after a failed {tier} tier"
    expect_equal(deploying.where, what, results.get(deploying.name), result)


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize(
    ("tier", "event"),
    [
        *(("static", Event("pull_request", branch)) for branch in BRANCHES),
        *(("static", Event("push", branch)) for branch in BRANCHES),
        ("integration", Event("push", "staging")),
        ("load", Event("push", "main")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.name}-{value.branch}",
)
def test_tier_judges_the_event(tier: str, event: Event, workflow: Workflow, gate: Job) -> None:
    result = workflow.results(event).get(gate.name)
    expect_equal(gate.where, f"{tier} tier at a {event.name} of {event.branch}", result, "success")


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize("tier", ["integration"])
@pytest.mark.parametrize("ended", ["failure", "cancelled"])
def test_integration_judges_only_what_was_deployed(
    ended: str, workflow: Workflow, deploying: Job, gate: Job
) -> None:
    results = workflow.results(Event("push", "staging"), {deploying.name: ended})
    expect_equal(gate.where, f"integration after {ended}", results.get(gate.name), "skipped")


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize(("status", "result"), [(0, "success"), (3, "failure")])
@pytest.mark.parametrize("tier", TIERS)
def test_verdict_of_the_tier_is_that_of_its_job(
    tier: str,
    status: int,
    result: str,
    workflow: Workflow,
    gate: Job,
    requirement: Requirement,
    tmp_path: Path,
) -> None:
    event = Event("push", {"load": "main"}.get(tier, "staging"))
    verdicts = {requirement.expected[tier]: Answer(status=status)}
    run = JobRehearsal(
        workflow,
        gate,
        event,
        lambda called: verdicts.get(called.text, Answer("same\n")),
        ["aws", "git", "python", "tox"],
        tmp_path,
    )
    expect_equal(gate.where, f"result of a tier that exits with {status}", run.result, result)


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize("tier", ["load"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda called: Answer("same\n", status=int(called.words[0] == "git")),
        lambda called: Answer(f"{called.where}\n"),
    ],
    ids=["staging-runs-other-code", "staging-changed-meanwhile"],
)
def test_production_gets_only_what_was_judged_on_staging(
    answer: Callable[[Called], Answer],
    tier: str,
    workflow: Workflow,
    gate: Job,
    tmp_path: Path,
) -> None:
    tools = ["aws", "git", "python", "tox"]
    run = JobRehearsal(workflow, gate, Event("push", "main"), answer, tools, tmp_path)
    expect_equal(gate.where, f"result of the {tier} tier", run.result, "failure")


@pytest.mark.requirement("PIPE-07")
def test_deployments_of_an_environment_wait_for_each_other(
    workflow: Workflow, deploying: Job, requirement: Requirement
) -> None:
    runs = [Event("push", branch, run) for branch in BRANCHES for run in (1, 2)]
    settings = [workflow.concurrency(event, deploying) for event in runs]
    groups = {group for group, _ in settings if group}
    expect_equal(deploying.where, "groups of the branches' runs", len(groups), len(BRANCHES))
    cancels = {cancels for _, cancels in settings}
    expect_equal(
        deploying.where, "cancelled by a newer run", cancels, {requirement.expected["cancelled"]}
    )


@pytest.fixture(scope="session")
def checking(workflow: Workflow, catalogue: Catalogue) -> Job:
    """The job that runs the application's own checks."""
    first = catalogue.requirement("PIPE-10").expected["commands"][0]
    return only(workflow.name, f"job with {first}", workflow.jobs_running(first))


@pytest.mark.requirement("PIPE-10")
@pytest.mark.parametrize("index", range(5), ids=["install", "lint", "types", "tests", "e2e"])
def test_failed_check_of_the_application_fails_its_job(
    index: int, workflow: Workflow, checking: Job, requirement: Requirement, tmp_path: Path
) -> None:
    commands = requirement.expected["commands"]
    run = JobRehearsal(
        workflow,
        checking,
        Event("push", "main"),
        lambda called: Answer(status=int(called.text == commands[index])),
        ["npm"],
        tmp_path,
    )
    called = [call.text for call in run.calls]
    expect_equal(checking.where, "commands up to the one that fails", called, commands[: index + 1])
    expect_equal(checking.where, f"result after {commands[index]}", run.result, "failure")


@pytest.mark.requirement("PIPE-10")
@pytest.mark.parametrize("branch", BRANCHES)
def test_image_waits_for_the_applications_checks(
    branch: str, workflow: Workflow, checking: Job, requirement: Requirement
) -> None:
    command = requirement.expected["image"]
    image = only(workflow.name, f"job with {command}", workflow.jobs_running(command))
    results = workflow.results(Event("push", branch), {checking.name: "failure"})
    expect_equal(image.where, "image after a failed check", results.get(image.name), "skipped")


@pytest.fixture(scope="session")
def notifying(workflow: Workflow, catalogue: Catalogue) -> Job:
    """The job that tells the channel."""
    expected = catalogue.requirement("PIPE-11").expected
    jobs = [
        job
        for job in workflow.jobs_running(expected["command"])
        if f"secrets.{expected['secret']}" in str([step.keys.get("env") for step in job.steps])
    ]
    return only(workflow.name, f"job with {expected['secret']}", jobs)


@pytest.mark.requirement("PIPE-11")
@pytest.mark.parametrize("ended", ["success", "failure", "cancelled"])
@pytest.mark.parametrize("branch", BRANCHES)
def test_channel_hears_of_every_end(
    branch: str, ended: str, workflow: Workflow, deploying: Job, notifying: Job
) -> None:
    results = workflow.results(Event("push", branch), {deploying.name: ended})
    told = results.get(notifying.name)
    others = set(workflow.jobs) - {notifying.name}
    expect_equal(notifying.where, f"notification of {branch} after {ended}", told, "success")
    expect_members(notifying.where, "what it waits for", workflow.ancestors(notifying), others)


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_every_change_of_a_branch_starts_the_pipeline(event: str, workflow: Workflow) -> None:
    # Whatever a path or a type leaves out is judged by nobody; a tag would be no branch's.
    expect_none(workflow.name, f"further filter of {event}", workflow.filters(event))


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize("tier", ["static"])
@pytest.mark.parametrize("event", [Event("push", "main"), Event("pull_request", "main")])
def test_static_tier_is_asked_at_every_event(
    tier: str, event: Event, workflow: Workflow, gate: Job, requirement: Requirement, tmp_path: Path
) -> None:
    verdicts = {requirement.expected[tier]: Answer(status=1)}
    tools = ["aws", "git", "python", "tox"]
    run = JobRehearsal(
        workflow, gate, event,
        lambda called: verdicts.get(called.text, Answer("same\n")), tools, tmp_path,
    )  # fmt: skip
    what = f"result of a tier that fails at a {event.name} of {event.branch}"
    expect_equal(gate.where, what, run.result, "failure")


@pytest.mark.requirement("PIPE-04")
def test_no_failed_job_counts_as_passed(workflow: Workflow) -> None:
    lenient = [job.where for job in workflow.jobs.values() if job.keys.get("continue-on-error")]
    expect_none(workflow.name, "job with continue-on-error", lenient)


@pytest.mark.requirement("PIPE-04")
def test_nobody_talks_the_pipeline_out_of_a_job(
    workflow: Workflow, requirement: Requirement
) -> None:
    chosen = re.compile(requirement.expected["chosen_by_the_author"])
    asked = [
        f"{job.where} {job.keys['if']}"
        for job in workflow.jobs.values()
        if chosen.search(str(job.keys.get("if", "")))
    ]
    expect_none(workflow.name, "condition that the author of a change decides", asked)


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize("tier", TIERS)
def test_tier_judges_the_code_of_the_event(tier: str, gate: Job, requirement: Requirement) -> None:
    others = [
        f"{step.where} {name}"
        for step in gate.steps
        for name in requirement.expected["other_code"]
        if step.action == "actions/checkout" and name in (step.keys.get("with") or {})
    ]
    expect_none(gate.where, f"other code for the {tier} tier", others)


@pytest.mark.requirement("PIPE-04")
@pytest.mark.parametrize("tier", TIERS)
def test_no_variable_steers_the_tier(
    tier: str, workflow: Workflow, gate: Job, requirement: Requirement
) -> None:
    steering = re.compile(requirement.expected["steering"])
    places = [workflow.keys, gate.keys, *(step.keys for step in gate.steps)]
    given = [name for keys in places for name in keys.get("env") or {} if steering.match(name)]
    expect_none(gate.where, f"variable that steers the {tier} tier", given)
