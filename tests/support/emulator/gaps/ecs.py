"""ECS services and task definitions as AWS describes them."""

from __future__ import annotations

import copy
from collections import Counter

from tests.support.emulator.registry import Call, Document, declare

SERVICE = declare(
    "ecs",
    "service read-back",
    "Services lose the health-check grace period, the deployment configuration with its circuit "
    "breaker, the capacity provider strategy and ECS-managed tags; a strategy reads back as EC2.",
)
COUNTS = declare(
    "ecs",
    "service task counts",
    "The counts of a service are unrelated to the tasks of its group: zero at first, then equal "
    "to the desired count; and no deployment is ever ending.",
)
DEFINITION = declare(
    "ecs",
    "task definition read-back",
    "Defaults that AWS fills in are missing: host ports in awsvpc mode and health check timings.",
)

# Taken from the request; the defaults are those of the API reference, CreateService.
_DEFAULTS: Document = {
    "healthCheckGracePeriodSeconds": None,
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "DISABLED",
    "capacityProviderStrategy": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "propagateTags": "NONE",
    "platformVersion": "LATEST",
}
_DEPLOYMENT_DEFAULTS: Document = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
}


@SERVICE.fills("CreateService")
def create(call: Call) -> Document:
    """Create in moto and remember what it drops."""
    asked = dict(call.params)
    kept = {key: asked.get(key, value) for key, value in _DEFAULTS.items()}
    kept["deploymentConfiguration"] = {
        **copy.deepcopy(_DEPLOYMENT_DEFAULTS),
        **asked.get("deploymentConfiguration", {}),
    }
    kept["launchType"] = asked.get("launchType")
    if kept["launchType"] is None and not kept["capacityProviderStrategy"]:
        kept["capacityProviderStrategy"] = _default_strategy(call)
    answer = call.proceed({"launchType": "FARGATE", **asked})
    call.table("services")[answer["service"]["serviceArn"]] = kept
    _overlay(call, answer["service"])
    return answer


@SERVICE.fills("UpdateService")
def update(call: Call) -> Document:
    """Update in moto and remember what it drops."""
    asked = dict(call.params)
    if "taskDefinition" in asked:
        found = call.emulator("DescribeTaskDefinition", {"taskDefinition": asked["taskDefinition"]})
        asked["taskDefinition"] = found["taskDefinition"]["taskDefinitionArn"]
    # moto would store the wire form of these over its own attributes.
    passed = {key: value for key, value in asked.items() if key not in _DEFAULTS}
    passed.pop("deploymentConfiguration", None)
    answer = call.proceed(passed)
    kept = call.table("services").get(answer["service"]["serviceArn"])
    if kept is not None:
        kept.update({key: asked[key] for key in _DEFAULTS if asked.get(key) is not None})
        kept["deploymentConfiguration"].update(asked.get("deploymentConfiguration", {}))
        if asked.get("capacityProviderStrategy"):
            kept["launchType"] = None
    _overlay(call, answer["service"])
    return answer


@SERVICE.fills("DescribeServices")
def describe(call: Call) -> Document:
    """moto's services with what it drops."""
    answer = call.proceed()
    for service in answer["services"]:
        _overlay(call, service)
    return answer


@SERVICE.fills("DeleteService")
def delete(call: Call) -> Document:
    """moto's answer with what it drops."""
    answer = call.proceed()
    _overlay(call, answer["service"])
    return answer


def _default_strategy(call: Call) -> list[Document]:
    """The cluster's default strategy, which applies when a request names none."""
    cluster = call.params.get("cluster", "default")
    clusters = call.emulator("DescribeClusters", {"clusters": [cluster]})["clusters"]
    found: list[Document] = clusters[0].get("defaultCapacityProviderStrategy") or []
    return found


def _overlay(call: Call, service: Document) -> None:
    kept = call.table("services").get(service["serviceArn"])
    if kept is None:
        return
    service.update({key: copy.deepcopy(value) for key, value in kept.items() if value is not None})
    absent = [key for key, value in kept.items() if value is None]
    for document in (service, *service.get("deployments", [])):
        for key in absent:
            document.pop(key, None)
    strategy = kept["capacityProviderStrategy"]
    for deployment in service.get("deployments", []):
        deployment["taskDefinition"] = service.get("taskDefinition")
        deployment["desiredCount"] = service["desiredCount"]
        deployment["platformFamily"] = "Linux"
        deployment["platformVersion"] = "1.4.0"
        if strategy:
            deployment["capacityProviderStrategy"] = strategy
    service["platformFamily"] = "Linux"
    for strategy_item in strategy:
        strategy_item.setdefault("base", 0)
        strategy_item.setdefault("weight", 0)


@COUNTS.fills("CreateService", "UpdateService", "DescribeServices", "DeleteService")
def count_tasks(call: Call) -> Document:
    """Count the running tasks of each service's group; what its deployment lacks is pending.

    Tasks of another definition than the service's belong to an older deployment that is ending.
    A deployment that has completed stays so, also while the service scales.
    """
    if call.operation == "UpdateService":
        # What has completed until now, before the count that is asked for is another.
        named = {"cluster": call.params.get("cluster", "default")}
        call.emulator("DescribeServices", {**named, "services": [call.params["service"]]})
    answer = call.proceed()
    if call.params.get("forceNewDeployment"):
        call.table("completed").pop(answer["service"]["serviceArn"], None)
    services = answer.get("services") or ([answer["service"]] if "service" in answer else [])
    for service in services:
        tasks = running(call, service)
        service["runningCount"] = tasks.total()
        current = tasks.pop(service.get("taskDefinition"), 0)
        service["pendingCount"] = max(0, service["desiredCount"] - current)
        for deployment in service.get("deployments", []):
            complete = _completed(call, service, current)
            deployment["runningCount"] = current
            deployment["pendingCount"] = service["pendingCount"]
            deployment["rolloutState"] = "COMPLETED" if complete else "IN_PROGRESS"
            ending = {**deployment, "status": "ACTIVE", "desiredCount": 0, "pendingCount": 0}
            service["deployments"] = [
                deployment,
                *({**ending, "taskDefinition": older, "runningCount": count}
                  for older, count in tasks.items()),
            ]  # fmt: skip
    return answer


def _completed(call: Call, service: Document, current: int) -> bool:
    """Whether the service's definition has once run as often as it was wanted."""
    completed, arn = call.table("completed"), service["serviceArn"]
    definition = service.get("taskDefinition")
    if current >= service["desiredCount"]:
        completed[arn] = definition
    elif completed.get(arn) != definition:
        completed.pop(arn, None)
    return bool(completed.get(arn) == definition)


def running(call: Call, service: Document) -> Counter[str]:
    """Tasks in the service's group that run, by task definition.

    They are read from moto without moving them on.
    """
    from moto.ecs.models import ecs_backends

    cluster = service["clusterArn"].split("/")[-1]
    tasks = ecs_backends[call.account_id][call.region].tasks.get(cluster, {})
    group = f"service:{service['serviceName']}"
    return Counter(
        task.task_definition_arn
        for task in tasks.values()
        if task.group == group and task.last_status == "RUNNING"
    )


@DEFINITION.fills("RegisterTaskDefinition")
def register(call: Call) -> Document:
    """Fill in what AWS fills in, then register."""
    asked = copy.deepcopy(call.params)
    for container in asked["containerDefinitions"]:
        container.setdefault("systemControls", [])
        if "healthCheck" in container:
            container["healthCheck"] = {
                "interval": 30,
                "timeout": 5,
                "retries": 3,
                **container["healthCheck"],
            }
        for mapping in container.get("portMappings", []):
            mapping.setdefault("protocol", "tcp")
            if asked.get("networkMode") == "awsvpc":
                mapping.setdefault("hostPort", mapping["containerPort"])
    return call.proceed(asked)
