"""ECS service deployments and revisions: what a service has run, and how each deployment ended."""

from __future__ import annotations

import datetime
import uuid

from tests.support.emulator.gaps.ecs import running
from tests.support.emulator.registry import AwsError, Call, Document, declare

DEPLOYMENTS = declare(
    "ecs",
    "service deployments",
    "ListServiceDeployments and DescribeServiceRevisions are missing.",
)
ORDER = declare("ecs", "order of task definitions", "ListTaskDefinitions is never newest first.")
_DESCRIBED_AT_ONCE = 20


@DEPLOYMENTS.fills("CreateService")
def create(call: Call) -> Document:
    """The first deployment begins."""
    answer = call.proceed()
    _begin(call, answer["service"])
    return answer


@DEPLOYMENTS.fills("UpdateService")
def update(call: Call) -> Document:
    """Another one begins with another task definition, or by force; it ends the one before."""
    before = _service(call)
    history = _history(call, before)
    answer = call.proceed()
    changed = answer["service"]["taskDefinition"] != before["taskDefinition"]
    if changed or call.params.get("forceNewDeployment"):
        if history and history[-1]["status"] == "IN_PROGRESS":
            _end(history[-1], "STOPPED")
        _begin(call, answer["service"])
    return answer


@DEPLOYMENTS.fills("DeleteService")
def delete(call: Call) -> Document:
    """A service takes its history with it."""
    answer = call.proceed()
    call.table("deployments").pop(answer["service"]["serviceArn"], None)
    return answer


@DEPLOYMENTS.fills("ListServiceDeployments")
def list_deployments(call: Call) -> Document:
    """A service's deployments, newest first."""
    service = _service(call)
    wanted = call.params.get("status")
    return {
        "serviceDeployments": [
            {key: value for key, value in deployment.items() if key != "taskDefinition"}
            for deployment in reversed(_history(call, service))
            if not wanted or deployment["status"] in wanted
        ]
    }


@DEPLOYMENTS.fills("DescribeServiceRevisions")
def describe_revisions(call: Call) -> Document:
    """The task definition of each revision asked for; AWS takes at most twenty."""
    wanted = call.params["serviceRevisionArns"]
    if len(wanted) > _DESCRIBED_AT_ONCE:
        raise AwsError(
            "InvalidParameterException", f"at most {_DESCRIBED_AT_ONCE} service revisions at once"
        )
    known = {
        deployment["targetServiceRevisionArn"]: deployment
        for history in call.table("deployments").values()
        for deployment in history
    }
    return {
        "serviceRevisions": [
            {
                "serviceRevisionArn": arn,
                "serviceArn": known[arn]["serviceArn"],
                "clusterArn": known[arn]["clusterArn"],
                "taskDefinition": known[arn]["taskDefinition"],
                "createdAt": known[arn]["createdAt"],
            }
            for arn in wanted
            if arn in known
        ],
        "failures": [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known],
    }


@ORDER.fills("ListTaskDefinitions")
def list_definitions(call: Call) -> Document:
    """By family and revision, newest first if asked so."""
    answer = call.proceed()

    def place(arn: str) -> tuple[str, int]:
        family, _, revision = arn.rpartition(":")
        return family, int(revision)

    newest_first = call.params.get("sort") == "DESC"
    answer["taskDefinitionArns"].sort(key=place, reverse=newest_first)
    return answer


def _service(call: Call) -> Document:
    """The service that a request names."""
    wanted = {
        "cluster": call.params.get("cluster", "default"),
        "services": [call.params["service"]],
    }
    found: list[Document] = call.emulator("DescribeServices", wanted)["services"]
    if not found:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    return found[0]


def _history(call: Call, service: Document) -> list[Document]:
    """A service's deployments, oldest first; the last has succeeded once all its tasks run."""
    history: list[Document] = call.table("deployments").get(service["serviceArn"], [])
    if history and history[-1]["status"] == "IN_PROGRESS":
        count = running(call, service)[history[-1]["taskDefinition"]]
        if count >= service["desiredCount"]:
            _end(history[-1], "SUCCESSFUL")
    return history


def _begin(call: Call, service: Document) -> None:
    place = service["serviceArn"].partition(":service/")[2]
    now = datetime.datetime.now(datetime.UTC)
    call.table("deployments").setdefault(service["serviceArn"], []).append(
        {
            "serviceDeploymentArn": call.arn(f"service-deployment/{place}/{uuid.uuid4().hex}"),
            "serviceArn": service["serviceArn"],
            "clusterArn": service["clusterArn"],
            "targetServiceRevisionArn": call.arn(f"service-revision/{place}/{uuid.uuid4().hex}"),
            "taskDefinition": service["taskDefinition"],
            "createdAt": now,
            "startedAt": now,
            "status": "IN_PROGRESS",
        }
    )


def _end(deployment: Document, status: str) -> None:
    deployment["status"] = status
    deployment["finishedAt"] = datetime.datetime.now(datetime.UTC)
