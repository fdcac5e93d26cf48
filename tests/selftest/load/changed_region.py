"""`python -m tests.load.living`, of a deployment in which one thing was changed by hand.

CHANGE names it and its argument, as `without NODE_ENV`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.load.living import __main__ as living
from tests.support.deployment import Deployment, deploy
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError

PREFIX = "mantisnxt-staging"
SERVICE = {"cluster": PREFIX, "service": f"{PREFIX}-app"}
SCALED = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{PREFIX}/{PREFIX}-app",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def alarm(session: Any, **changed: Any) -> None:
    """Put the response-time alarm anew, changed."""
    cloudwatch, name = session.client("cloudwatch"), f"{PREFIX}-api-response-time"
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    members = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    kept = {key: value for key, value in found.items() if key in members}
    cloudwatch.put_metric_alarm(**{**kept, **changed})


def policy(session: Any, metric: str, change: Callable[[Mapping[str, Any]], Any]) -> None:
    """Put the policy that tracks this metric anew, changed."""
    scaling = session.client("application-autoscaling")
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    settings = "TargetTrackingScalingPolicyConfiguration"
    (found,) = [one for one in policies if metric in str(one[settings])]
    scaling.put_scaling_policy(
        PolicyName=found["PolicyName"],
        PolicyType=found["PolicyType"],
        **SCALED,
        **{settings: {**found[settings], **change(found[settings])}},
    )


def task(session: Any, change: Callable[[dict[str, Any]], Any]) -> None:
    """Have the service run another revision of its task definition, in which `change` was made."""
    ecs = session.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=SERVICE["service"])["taskDefinition"]
    members = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
    wanted = {key: value for key, value in found.items() if key in members}
    change(wanted["containerDefinitions"][0])
    made = ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(**SERVICE, taskDefinition=made)


def without(container: dict[str, Any], name: str) -> None:
    """The container without a variable of its environment, or a secret."""
    for kind in ("environment", "secrets"):
        container[kind] = [one for one in container[kind] if one["name"] != name]


def asking_for(container: dict[str, Any], path: str) -> None:
    """The container with a health check of another path."""
    command = f"curl -f http://localhost:3000{path} || exit 1"
    container["healthCheck"]["command"] = ["CMD-SHELL", command]


CHANGES: Mapping[str, Callable[..., Any]] = {
    "nothing": lambda _: None,
    "threshold": lambda session, value: alarm(session, Threshold=float(value)),
    "periods": lambda session, count: alarm(
        session, EvaluationPeriods=int(count), DatapointsToAlarm=int(count)
    ),
    "target-times": lambda session, metric, times: policy(
        session, metric, lambda was: {"TargetValue": float(times) * was["TargetValue"]}
    ),
    "no-scale-in": lambda session, metric: policy(
        session, metric, lambda _: {"DisableScaleIn": True}
    ),
    "minimum": lambda session, count: session.client(
        "application-autoscaling"
    ).register_scalable_target(**SCALED, MinCapacity=int(count)),
    "without": lambda session, name: task(session, lambda container: without(container, name)),
    "health-path": lambda session, path: task(
        session, lambda container: asking_for(container, path)
    ),
    "no-service": lambda session: session.client("ecs").delete_service(**SERVICE, force=True),
    "seconds": lambda _, seconds: time.sleep(float(seconds)),
}


@contextlib.contextmanager
def changed(
    emulator: Emulator, stack: Path, environment: str, progress: Callable[[str], None]
) -> Iterator[Deployment]:
    """As `deploy`, and then CHANGE."""
    name, *values = os.environ["CHANGE"].split()
    if name == "error":
        raise SuiteError(" ".join(values))
    with deploy(emulator, stack, environment, progress=progress) as deployment:
        progress(f"changing: {name}")
        CHANGES[name](emulator.session(), *values)
        yield deployment


if __name__ == "__main__":
    vars(living)["deploy"] = changed
    sys.exit(living.main())
