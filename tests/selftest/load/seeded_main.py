"""`python -m tests.load` with the little it reads put into the emulator by boto3, not Terraform.

SEED is a JSON object that breaks it: `threshold` of the alarm, `without` a variable of the
contract, `health_path` of the task, `error` that deploying ends with, `service` false for none,
`seconds` that deploying takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.load import __main__ as load
from tests.support import catalogue
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError

SEED: dict[str, Any] = json.loads(os.environ.get("SEED", "{}"))
CONTRACT = catalogue.load().requirement("ECS-02").expected
SECRET_VALUE = "a-secret-value"


@contextlib.contextmanager
def seed(
    emulator: Emulator, stack: Path, environment: str, progress: Callable[[str], None]
) -> Iterator[None]:
    """In place of `deploy`: a service, its task definition with secrets, and the alarm."""
    progress("seeding the emulator")
    if "error" in SEED:
        raise SuiteError(SEED["error"])
    time.sleep(SEED.get("seconds", 0))
    session = emulator.session()
    _put_alarm(session, environment)
    if SEED.get("service", True):
        _put_service(session, environment)
    yield


def _put_alarm(session: Any, environment: str) -> None:
    session.client("cloudwatch").put_metric_alarm(
        AlarmName=f"mantisnxt-{environment}-api-response-time",
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        Statistic="Average",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=SEED.get("threshold", 0.5),
        Period=60,
        EvaluationPeriods=2,
    )


def _put_service(session: Any, environment: str) -> None:
    ecs, name = session.client("ecs"), f"mantisnxt-{environment}"
    secret = session.client("secretsmanager").create_secret(
        Name=f"{name}/secret", SecretString=SECRET_VALUE
    )["ARN"]
    names = [one for one in CONTRACT["environment"] if one != SEED.get("without")]
    path = SEED.get("health_path", "/api/health")
    command = f"curl -f http://localhost:3000{path} || exit 1"
    container = {
        "name": "app",
        "image": "app",
        "memory": 512,
        "portMappings": [{"containerPort": 3000}],
        "environment": [{"name": one, "value": "set"} for one in names],
        "secrets": [
            {"name": one, "valueFrom": secret}
            for one in CONTRACT["secrets"]
            if one != SEED.get("without")
        ],
        "healthCheck": {"command": ["CMD-SHELL", command]},
    }
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=f"{name}-app", containerDefinitions=[container])
    ecs.create_service(cluster=name, serviceName=f"{name}-app", taskDefinition=f"{name}-app")


if __name__ == "__main__":
    vars(load)["deploy"] = seed
    sys.exit(load.main())
