"""The target, and the deployed objects as the AWS API describes them, one fixture each."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration import drift
from tests.integration.emulated import Emulated, made, tell
from tests.support import staging
from tests.support.deployment import Deployment
from tests.support.emulator import Emulator
from tests.support.expectations import named, only
from tests.support.outcomes import NotProvable, SuiteError
from tests.support.target import DEFAULT_ENVIRONMENT, Target

ENTERED = pytest.StashKey[Target]()
RUNNING = pytest.StashKey[Emulator]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask for the second plan last: it is made beside the other tests."""
    items.sort(key=lambda item: "second_plan" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Refuse, before the first test, an account that is not the environment's."""
    config = session.config
    own = any(item.path.is_relative_to(Path(__file__).parent) for item in session.items)
    if config.getoption("--target") == "emulator" or config.option.collectonly or not own:
        return
    environment = config.getoption("--environment") or DEFAULT_ENVIRONMENT
    try:
        config.stash[ENTERED] = staging.enter(
            Path(config.getoption("--stack")).resolve(), environment
        )
    except SuiteError as error:
        pytest.exit(f"error: {error}", returncode=1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the emulator while fixtures look at it."""
    return (yield from watched(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the emulator while the test looks at it."""
    return (yield from watched(item))


def watched(item: pytest.Item) -> Generator[None, object, object]:
    """Stop the run, with one error, when the emulator has died: no test could judge any more."""
    emulator = item.config.stash.get(RUNNING, None)
    try:
        return (yield)
    except Exception as error:
        try:
            if emulator is not None:
                emulator.check_alive()
        except SuiteError as death:
            item.session.shouldstop = str(death).splitlines()[0]
            raise death from error
        raise


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> str:
    """The environment whose deployment is looked at."""
    return pytestconfig.getoption("--environment") or DEFAULT_ENVIRONMENT


@pytest.fixture(scope="session")
def emulated(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config, stack: Path, environment: str
) -> Iterator[Emulated | None]:
    """The stack deployed to the emulator, or None where the target is a real account.

    What takes long is made beside the tests, if one asks for it.
    """
    if pytestconfig.getoption("--target") != "emulator":
        yield None
        return
    asked = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with made(
        stack,
        environment,
        tell(pytestconfig),
        fresh=pytestconfig.getoption("--fresh"),
        planned="second_plan" in asked,
        written_to="sandbox" in asked,
    ) as emulated:
        pytestconfig.stash[RUNNING] = emulated.emulator
        yield emulated


@pytest.fixture(scope="session")
def target(emulated: Emulated | None, pytestconfig: pytest.Config, environment: str) -> Target:
    """The environment under test; a real account has been checked by now and is only read."""
    if emulated is None:
        return pytestconfig.stash[ENTERED]
    emulator = emulated.emulator
    return Target(environment, emulator.account_id, emulator.session(), emulated=True)


@pytest.fixture(scope="session")
def sandbox(emulated: Emulated | None, target: Target) -> Target:
    """The environment once more, on an emulator that all tests share which write."""
    if emulated is None:
        raise NotProvable("it writes, and a real account is only read")
    assert emulated.sandbox is not None
    session = emulated.sandbox.result().session()
    return Target(target.environment, target.account_id, session, emulated=True)


@pytest.fixture(scope="session")
def stood_in(pytestconfig: pytest.Config) -> None:
    """For a test with everything stood in for: it tells nothing of a real account."""
    if pytestconfig.getoption("--target") != "emulator":
        raise NotProvable("it asks no account anything: it is judged beside the emulator")


@pytest.fixture(scope="session")
def deployment(emulated: Emulated | None) -> Deployment:
    """The deployment that this run made."""
    if emulated is None:
        raise NotProvable("the deployment was made elsewhere: how much it planned is not known")
    return emulated.deployment


@pytest.fixture(scope="session")
def second_plan(emulated: Emulated | None, stack: Path, environment: str) -> list[str]:
    """What another apply of the checked-out stack would change."""
    if emulated is None:
        return drift.changes(stack, environment)
    assert emulated.second_plan is not None
    return emulated.second_plan.result()


@pytest.fixture(scope="session")
def vpc(target: Target) -> dict[str, Any]:
    """The environment's VPC."""
    name = f"{target.prefix}-vpc"
    vpcs = target.pages(
        "ec2", "describe_vpcs", "Vpcs", Filters=[{"Name": "tag:Name", "Values": [name]}]
    )
    return only(name, "VPC of that name", vpcs)


@pytest.fixture(scope="session")
def in_vpc(vpc: dict[str, Any]) -> list[dict[str, Any]]:
    """The EC2 filter that selects what lies in the VPC."""
    return [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]


@pytest.fixture(scope="session")
def subnets(target: Target, in_vpc: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The VPC's subnets."""
    return target.pages("ec2", "describe_subnets", "Subnets", Filters=in_vpc)


@pytest.fixture(scope="session")
def route_tables(target: Target, in_vpc: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The VPC's route tables."""
    return target.pages("ec2", "describe_route_tables", "RouteTables", Filters=in_vpc)


@pytest.fixture(scope="session")
def security_groups(target: Target, in_vpc: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The VPC's security groups."""
    return target.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=in_vpc)


@pytest.fixture(scope="session")
def aurora(target: Target) -> dict[str, Any]:
    """The Aurora cluster."""
    clusters = target.pages("rds", "describe_db_clusters", "DBClusters")
    return named(
        target.prefix, "Aurora cluster", clusters,
        lambda cluster: cluster["DBClusterIdentifier"] == target.prefix,
    )  # fmt: skip


@pytest.fixture(scope="session")
def aurora_instances(target: Target) -> list[dict[str, Any]]:
    """The instances of the Aurora cluster."""
    instances = target.pages("rds", "describe_db_instances", "DBInstances")
    return [i for i in instances if i.get("DBClusterIdentifier") == target.prefix]


@pytest.fixture(scope="session")
def redis(target: Target) -> dict[str, Any]:
    """The Redis replication group."""
    groups = target.pages("elasticache", "describe_replication_groups", "ReplicationGroups")
    return named(
        target.prefix, "replication group", groups,
        lambda group: group["ReplicationGroupId"] == target.prefix,
    )  # fmt: skip


@pytest.fixture(scope="session")
def redis_members(target: Target, redis: dict[str, Any]) -> list[dict[str, Any]]:
    """The cache clusters that are members of the replication group."""
    clusters = target.pages("elasticache", "describe_cache_clusters", "CacheClusters")
    return [c for c in clusters if c.get("ReplicationGroupId") == redis["ReplicationGroupId"]]


@pytest.fixture(scope="session")
def service(target: Target) -> dict[str, Any]:
    """The application's ECS service."""
    name = f"{target.prefix}-app"
    answer = target.client("ecs").describe_services(cluster=target.prefix, services=[name])
    return only(name, "ECS service", answer["services"])


@pytest.fixture(scope="session")
def task_definition(target: Target, service: dict[str, Any]) -> dict[str, Any]:
    """The task definition that the service runs."""
    answer = target.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return dict(answer["taskDefinition"])


@pytest.fixture(scope="session")
def container(task_definition: dict[str, Any]) -> dict[str, Any]:
    """The one container of the task definition."""
    where = task_definition["taskDefinitionArn"]
    return only(where, "container", task_definition["containerDefinitions"])


@pytest.fixture(scope="session")
def load_balancer(target: Target) -> dict[str, Any]:
    """The application load balancer."""
    name = f"{target.prefix}-alb"
    balancers = target.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    return named(name, "load balancer", balancers, lambda lb: lb["LoadBalancerName"] == name)


@pytest.fixture(scope="session")
def load_balancer_attributes(target: Target, load_balancer: dict[str, Any]) -> dict[str, str]:
    """The load balancer's attributes by key."""
    answer = target.client("elbv2").describe_load_balancer_attributes(
        LoadBalancerArn=load_balancer["LoadBalancerArn"]
    )
    return {attribute["Key"]: attribute["Value"] for attribute in answer["Attributes"]}


@pytest.fixture(scope="session")
def listeners(target: Target, load_balancer: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The load balancer's listeners by port."""
    found = target.pages(
        "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=load_balancer["LoadBalancerArn"]
    )
    return {listener["Port"]: listener for listener in found}


@pytest.fixture(scope="session")
def target_group(target: Target) -> dict[str, Any]:
    """The application's target group."""
    name = f"{target.prefix}-app"
    groups = target.pages("elbv2", "describe_target_groups", "TargetGroups")
    return named(name, "target group", groups, lambda group: group["TargetGroupName"] == name)


@pytest.fixture(scope="session")
def alarms(target: Target) -> dict[str, dict[str, Any]]:
    """The environment's metric alarms by name."""
    found = target.pages(
        "cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=target.prefix
    )
    return {alarm["AlarmName"]: alarm for alarm in found}


@pytest.fixture(scope="session")
def topics(target: Target) -> dict[str, str]:
    """The ARNs of the account's SNS topics by name."""
    found = target.pages("sns", "list_topics", "Topics")
    return {topic["TopicArn"].rpartition(":")[2]: topic["TopicArn"] for topic in found}


@pytest.fixture(scope="session")
def distribution(target: Target) -> dict[str, Any]:
    """The configuration of the CloudFront distribution."""
    items = target.pages("cloudfront", "list_distributions", "DistributionList.Items")
    summary = named(
        f"CloudFront, {target.prefix}", "distribution whose comment names the environment", items,
        lambda item: item["Comment"] == f"MantisNXT {target.environment}",
    )  # fmt: skip
    answer = target.client("cloudfront").get_distribution(Id=summary["Id"])
    return dict(answer["Distribution"])
