"""The source and the plans of the stack under test."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tests.support import beside, checkov, planning
from tests.support.catalogue import Catalogue
from tests.support.expectations import only
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.source import SourceTree
from tests.support.workflow import Job, Workflow

WITHOUT_SOURCE_RULES = ("test_plan_", "test_policies")


def pytest_configure() -> None:
    """Collect no garbage.

    The run is short and makes little of it in cycles, but builds large trees of HCL and JSON, which
    the collector would walk again and again: a quarter of the time of the source rules.
    """
    gc.disable()


def pytest_unconfigure() -> None:
    """Spare the interpreter the last walk as well; whoever called pytest collects again."""
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only source rules are asked for, leave what needs a plan or Checkov unread."""
    others = collection_path.name.startswith(WITHOUT_SOURCE_RULES)
    return True if others and config.getoption("-m") == "source" else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start Checkov, which is slow, before the first test needs it or a plan is made."""
    wanted = any(item.get_closest_marker("policy") for item in session.items)
    if wanted and not session.config.option.collectonly:
        stack = Path(session.config.getoption("--stack")).resolve()
        checkov.running(stack, session.config.getoption("--fresh"))


ENVIRONMENTS = ("develop", "staging", "production")


@pytest.fixture(scope="session")
def source(stack: Path) -> SourceTree:
    """The stack's HCL."""
    return SourceTree.load(stack)


@pytest.fixture(scope="session")
def plans(pytestconfig: pytest.Config, stack: Path) -> dict[str, Plan]:
    """A plan of each environment asked for; made side by side."""
    chosen = pytestconfig.getoption("--environment")
    fresh = pytestconfig.getoption("--fresh")
    return planning.plan_all(stack, [chosen] if chosen else list(ENVIRONMENTS), fresh)


@pytest.fixture
def plan(planned_environment: str, plans: dict[str, Plan]) -> Plan:
    """The plan of each environment in turn."""
    return plans[planned_environment]


@pytest.fixture
def prefix(planned_environment: str) -> str:
    """What every name in the environment begins with."""
    return f"mantisnxt-{planned_environment}"


@pytest.fixture
def aurora(plan: Plan, prefix: str) -> Resource:
    """The Aurora cluster."""
    return plan.one("aws_rds_cluster", cluster_identifier=prefix)


@pytest.fixture
def redis(plan: Plan, prefix: str) -> Resource:
    """The Redis replication group."""
    return plan.one("aws_elasticache_replication_group", replication_group_id=prefix)


@pytest.fixture
def service(plan: Plan, prefix: str) -> Resource:
    """The application's ECS service."""
    return plan.one("aws_ecs_service", name=f"{prefix}-app")


@pytest.fixture
def load_balancer(plan: Plan, prefix: str) -> Resource:
    """The application load balancer."""
    return plan.one("aws_lb", name=f"{prefix}-alb")


@pytest.fixture
def target_group(plan: Plan, prefix: str) -> Resource:
    """The application's target group."""
    return plan.one("aws_lb_target_group", name=f"{prefix}-app")


@pytest.fixture(scope="session")
def workflow(stack: Path) -> Workflow:
    """The workflow of the repository that the stack lies in."""
    path = beside.find(stack, ".github/workflows/deploy.yml")
    return Workflow.load(path, beside.name(path))


@pytest.fixture(scope="session")
def deploying(workflow: Workflow, catalogue: Catalogue) -> Job:
    """The job that runs the migrations, and so the one that deploys."""
    command = catalogue.requirement("PIPE-03").expected["run"]
    return only(workflow.name, f"job with {command}", workflow.jobs_running(command))
