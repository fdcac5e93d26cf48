"""ECS tasks: Fargate tasks that leave the memory to the task, and tasks that keep running."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.emulator.registry import Call, Document, declare

MEMORY = declare(
    "ecs",
    "tasks without container memory",
    "RunTask fails when a container names no memory, which is allowed on Fargate.",
)
RUNNING = declare(
    "ecs",
    "running tasks",
    "A task of a service stops by itself after it was described a few times.",
)
NETWORK = declare(
    "ecs",
    "task network",
    "Every task is put into the first subnet, with an address outside of it, and RunTask fails in "
    "a VPC without DNS host names.",
)
LIST = declare("ecs", "tasks of a service", "ListTasks ignores the service's name.")


@NETWORK.fills("RunTask")
def spread(call: Call) -> Document:
    """Start the tasks one by one, each in the next subnet, with an address of that subnet."""
    _let_moto_choose_addresses()
    network = call.params.get("networkConfiguration", {}).get("awsvpcConfiguration")
    count = call.params.get("count", 1)
    if network is None:
        return call.proceed()
    started = call.table("started").setdefault("tasks", 0)
    call.table("started")["tasks"] = started + count
    answer: Document = {"tasks": [], "failures": []}
    for number in range(started, started + count):
        turn = number % len(network["subnets"])
        subnets = network["subnets"][turn:] + network["subnets"][:turn]
        vpc = {"securityGroups": [], **network, "subnets": subnets}
        wanted = {**call.params, "count": 1, "networkConfiguration": {"awsvpcConfiguration": vpc}}
        one = call.proceed(wanted)
        answer["tasks"] += one["tasks"]
        answer["failures"] += one.get("failures", [])
    return answer


def _let_moto_choose_addresses() -> None:
    """Without an address of ECS's choosing moto takes one out of the subnet."""
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface
    from moto.ecs import models

    vars(models)["random_private_ip"] = lambda: None
    if not hasattr(NetworkInterface, "private_dns_name"):
        NetworkInterface.private_dns_name = None  # type: ignore[assignment]


@LIST.fills("ListTasks")
def list_tasks(call: Call) -> Document:
    """Only the tasks of the service, when one is named."""
    answer = call.proceed()
    service = call.params.get("serviceName")
    if service is None:
        return answer
    from moto.ecs.models import ecs_backends

    group = f"service:{service.split('/')[-1]}"
    owned = {
        arn
        for tasks in ecs_backends[call.account_id][call.region].tasks.values()
        for arn, task in tasks.items()
        if task.group == group
    }
    answer["taskArns"] = [arn for arn in answer["taskArns"] if arn in owned]
    return answer


@MEMORY.fills("RunTask")
def run(call: Call) -> Document:
    """Run with a memory of 0 for containers that name none, which moto needs for its sum."""
    wanted = {"taskDefinition": call.params["taskDefinition"]}
    found = call.emulator("DescribeTaskDefinition", wanted)["taskDefinition"]
    from moto.ecs.models import ecs_backends

    families = ecs_backends[call.account_id][call.region].task_definitions[found["family"]]
    containers = families[found["revision"]].container_definitions
    silent = [one for one in containers if not {"memory", "memoryReservation"} & set(one)]
    for container in silent:
        container["memoryReservation"] = 0
    try:
        return call.proceed()
    finally:
        for container in silent:
            del container["memoryReservation"]


@RUNNING.fills("DescribeTasks")
def describe(call: Call) -> Document:
    """Keep the tasks of services in their state; other tasks run to their end, as jobs do."""
    for task in _service_tasks(call):
        # moto moves a task on when it has been described once.
        task._tick = -1  # noqa: SLF001
    return call.proceed()


def _service_tasks(call: Call) -> Iterator[Any]:
    from moto.ecs.models import ecs_backends

    for tasks in ecs_backends[call.account_id][call.region].tasks.values():
        for task in tasks.values():
            if task.group.startswith("service:") and task.desired_status == "RUNNING":
                yield task
