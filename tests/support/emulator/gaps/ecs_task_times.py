"""ECS tasks in time: when they were made, started and stopped, their state and their health."""

from __future__ import annotations

import datetime
from typing import Any

from tests.support.emulator.registry import Call, Document, State, command, declare

TIMES = declare(
    "ecs", "task times", "Nothing says when a task was made, started or stopped, nor its health."
)
_RUNNING, _HEALTH = "RUNNING", "healthStatus"


@command("task-states")
def tell(state: State, region: str, tasks: Any) -> None:
    """Set what the tasks show: `{"taskArn", "lastStatus", "healthStatus"}`, either or both.

    A task is RUNNING and of UNKNOWN health unless told otherwise; it starts when it is told to run.
    """
    from moto.ecs.models import ecs_backends

    known = state.table("ecs", region, "task times")
    for told in tasks:
        arn = told["taskArn"]
        _, cluster, _ = arn.split("/")
        task = ecs_backends[arn.split(":")[4]][region].tasks[cluster][arn]
        shown = known.setdefault(arn, {})
        if _HEALTH in told:
            shown[_HEALTH] = told[_HEALTH]
        if "lastStatus" in told:
            task.last_status = told["lastStatus"]
            shown.pop("startedAt", None)
            if told["lastStatus"] == _RUNNING:
                shown["startedAt"] = _now()


@TIMES.fills("RunTask")
def run(call: Call) -> Document:
    """Started as soon as they are made, for nobody pulls an image."""
    answer = call.proceed()
    for task in answer["tasks"]:
        now = _now()
        known = {"createdAt": now, "startedAt": now, _HEALTH: "UNKNOWN"}
        call.table("task times")[task["taskArn"]] = known
    return _overlaid(call, answer, answer["tasks"])


@TIMES.fills("StopTask")
def stop(call: Call) -> Document:
    """Stopped at once."""
    answer = call.proceed()
    now = _now()
    known = call.table("task times").setdefault(answer["task"]["taskArn"], {})
    known |= {"stoppingAt": now, "stoppedAt": now}
    return _overlaid(call, answer, [answer["task"]])


@TIMES.fills("DescribeTasks")
def describe(call: Call) -> Document:
    """Whatever moto answers, with times and health."""
    answer = call.proceed()
    return _overlaid(call, answer, answer["tasks"])


def _overlaid(call: Call, answer: Document, tasks: list[Document]) -> Document:
    for task in tasks:
        task.update(call.table("task times").get(task["taskArn"], {}))
    return answer


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
