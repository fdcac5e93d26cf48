"""Probes of the gaps in ECS and Application Auto Scaling."""

from __future__ import annotations

from typing import Any

from tests.selftest.emulator.probes import probe
from tests.selftest.emulator.probes.network import security_group, subnets
from tests.support.emulator import EmulatorSession

_DIMENSION = "ecs:service:DesiredCount"


def service(session: EmulatorSession, name: str, block: str) -> dict[str, Any]:
    """A Spot service of two tasks in a cluster of its own; its network configuration."""
    ecs = session.client("ecs")
    ecs.create_cluster(clusterName=name)
    definition(session, name)
    places = subnets(session, block)
    network = {
        "awsvpcConfiguration": {
            "subnets": places,
            "securityGroups": [security_group(session, name, places[0])],
        }
    }
    ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=name,
        desiredCount=2,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        healthCheckGracePeriodSeconds=60,
        enableECSManagedTags=True,
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        },
        networkConfiguration=network,
    )
    return network


def definition(session: EmulatorSession, family: str) -> None:
    """A task definition of one container with a port and a health check."""
    session.client("ecs").register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "app",
                "image": "app:1",
                "portMappings": [{"containerPort": 3000}],
                "healthCheck": {"command": ["CMD", "true"]},
            }
        ],
    )


def _described(session: EmulatorSession, name: str) -> dict[str, Any]:
    ecs = session.client("ecs")
    found: dict[str, Any] = ecs.describe_services(cluster=name, services=[name])["services"][0]
    return found


@probe("ecs/service read-back")
def service_read_back(session: EmulatorSession) -> None:
    """A service reads back as it was asked for, also after an update."""
    service(session, "whole", "61")
    found = _described(session, "whole")
    assert found["healthCheckGracePeriodSeconds"] == 60
    assert found["enableECSManagedTags"]
    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"]
    assert found["capacityProviderStrategy"][0]["capacityProvider"] == "FARGATE_SPOT"
    assert "launchType" not in found
    session.client("ecs").update_service(
        cluster="whole", service="whole", healthCheckGracePeriodSeconds=90, taskDefinition="whole"
    )
    found = _described(session, "whole")
    assert found["healthCheckGracePeriodSeconds"] == 90
    assert found["taskDefinition"].endswith(":task-definition/whole:1")
    gone = session.client("ecs").delete_service(cluster="whole", service="whole", force=True)
    assert gone["service"]["healthCheckGracePeriodSeconds"] == 90


@probe("ecs/service task counts")
def service_task_counts(session: EmulatorSession) -> None:
    """A service counts the tasks of its group and nothing else."""
    run_tasks(session, "counted", "62")
    ecs = session.client("ecs")
    ecs.update_service(cluster="counted", service="counted", desiredCount=3)
    found = _described(session, "counted")
    assert (found["runningCount"], found["pendingCount"]) == (2, 1)
    assert found["deployments"][0]["rolloutState"] == "COMPLETED"
    definition(session, "counted")
    ecs.update_service(cluster="counted", service="counted", taskDefinition="counted")
    found = _described(session, "counted")
    assert (found["runningCount"], found["pendingCount"]) == (2, 3)
    begun, ending = found["deployments"]
    assert begun["rolloutState"] == "IN_PROGRESS"
    assert (ending["status"], ending["runningCount"]) == ("ACTIVE", 2)
    assert ending["taskDefinition"].endswith("/counted:1")
    gone = ecs.delete_service(cluster="counted", service="counted", force=True)["service"]
    assert gone["runningCount"] == 2


def run_tasks(session: EmulatorSession, name: str, block: str) -> list[str]:
    """Two tasks in the group of a new service; their ARNs."""
    network = service(session, name, block)
    made = session.client("ecs").run_task(
        cluster=name,
        taskDefinition=name,
        launchType="FARGATE",
        group=f"service:{name}",
        count=2,
        networkConfiguration=network,
    )
    return [task["taskArn"] for task in made["tasks"]]


@probe("ecs/service deployments")
def service_deployments(session: EmulatorSession) -> None:
    """A deployment succeeds once its tasks run, and stops if another one takes its place."""
    run_tasks(session, "history", "69")
    ecs = session.client("ecs")
    place = {"cluster": "history", "service": "history"}
    for _ in range(2):
        definition(session, "history")
        ecs.update_service(**place, taskDefinition="history")
    ecs.update_service(**place, desiredCount=3)
    found = ecs.list_service_deployments(**place)["serviceDeployments"]
    assert [one["status"] for one in found] == ["IN_PROGRESS", "STOPPED", "SUCCESSFUL"]
    found = ecs.list_service_deployments(**place, status=["SUCCESSFUL"])["serviceDeployments"]
    arns = [one["targetServiceRevisionArn"] for one in found]
    revisions = ecs.describe_service_revisions(serviceRevisionArns=[*arns, "other"])
    assert revisions["serviceRevisions"][0]["taskDefinition"].endswith("/history:1")
    assert [failure["arn"] for failure in revisions["failures"]] == ["other"]
    ecs.delete_service(**place, force=True)
    gone = ecs.describe_service_revisions(serviceRevisionArns=arns)
    assert gone["serviceRevisions"] == []


@probe("ecs/order of task definitions")
def order_of_task_definitions(session: EmulatorSession) -> None:
    """The newest revision comes first when it is asked for; 10 is newer than 9."""
    for _ in range(10):
        definition(session, "ordered")
    ecs = session.client("ecs")
    found = ecs.list_task_definitions(familyPrefix="ordered", sort="DESC")["taskDefinitionArns"]
    assert [int(arn.rpartition(":")[2]) for arn in found] == list(range(10, 0, -1))


@probe("ecs/tasks without container memory")
def tasks_without_container_memory(session: EmulatorSession) -> None:
    """On Fargate the memory may be left to the task, and stays unset on the container."""
    assert len(run_tasks(session, "frugal", "65")) == 2
    ecs = session.client("ecs")
    found = ecs.describe_task_definition(taskDefinition="frugal")["taskDefinition"]
    assert "memoryReservation" not in found["containerDefinitions"][0]


@probe("ecs/task network")
def task_network(session: EmulatorSession) -> None:
    """Tasks are spread over the subnets, and their addresses belong to them."""
    tasks = run_tasks(session, "spread", "67")
    found = session.client("ecs").describe_tasks(cluster="spread", tasks=tasks)["tasks"]
    details = [
        {pair["name"]: pair.get("value") for pair in task["attachments"][0]["details"]}
        for task in found
    ]
    assert len({detail["subnetId"] for detail in details}) == 2
    assert all(detail["privateIPv4Address"].startswith("10.67.") for detail in details)


@probe("ecs/tasks of a service")
def tasks_of_a_service(session: EmulatorSession) -> None:
    """The tasks of one service are not those of another."""
    run_tasks(session, "one", "68")
    ecs = session.client("ecs")
    assert len(ecs.list_tasks(cluster="one", serviceName="one")["taskArns"]) == 2
    assert ecs.list_tasks(cluster="one", serviceName="other")["taskArns"] == []


@probe("ecs/running tasks")
def running_tasks(session: EmulatorSession) -> None:
    """A task of a service runs until it is stopped."""
    tasks = run_tasks(session, "lasting", "66")
    ecs = session.client("ecs")
    asked = [ecs.describe_tasks(cluster="lasting", tasks=tasks)["tasks"] for _ in range(6)]
    assert {task["lastStatus"] for task in asked[-1]} == {"RUNNING"}
    ecs.stop_task(cluster="lasting", task=tasks[0])
    found = ecs.describe_tasks(cluster="lasting", tasks=tasks[:1])["tasks"]
    assert found[0]["lastStatus"] == "STOPPED"


@probe("ecs/task times")
def task_times(session: EmulatorSession) -> None:
    """A task is made before it starts, starts when it runs, and says when it stopped."""
    arn = run_tasks(session, "timed", "73")[0]
    session.tell("task-states", [{"taskArn": arn, "lastStatus": "PENDING"}])
    made = [_task(session, "timed", arn) for _ in range(3)][-1]
    assert (made["lastStatus"], made["healthStatus"]) == ("PENDING", "UNKNOWN")
    assert "startedAt" not in made
    assert _described(session, "timed")["runningCount"] == 1
    session.tell(
        "task-states", [{"taskArn": arn, "lastStatus": "RUNNING", "healthStatus": "HEALTHY"}]
    )
    begun = _task(session, "timed", arn)
    assert begun["startedAt"] >= begun["createdAt"]
    assert _described(session, "timed")["runningCount"] == 2
    assert begun["healthStatus"] == "HEALTHY"
    session.client("ecs").stop_task(cluster="timed", task=arn)
    ended = _task(session, "timed", arn)
    assert ended["stoppedAt"] >= begun["startedAt"]


def _task(session: EmulatorSession, cluster: str, arn: str) -> dict[str, Any]:
    found = session.client("ecs").describe_tasks(cluster=cluster, tasks=[arn])
    task: dict[str, Any] = found["tasks"][0]
    return task


@probe("ecs/task definition read-back")
def task_definition_read_back(session: EmulatorSession) -> None:
    """AWS fills in the host port and the timings of a health check."""
    definition(session, "defaults")
    ecs = session.client("ecs")
    found = ecs.describe_task_definition(taskDefinition="defaults")["taskDefinition"]
    container = found["containerDefinitions"][0]
    assert container["portMappings"] == [
        {"containerPort": 3000, "hostPort": 3000, "protocol": "tcp"}
    ]
    assert container["healthCheck"]["interval"] == 30


def scaling_policy(session: EmulatorSession, name: str, **specification: str) -> list[Any]:
    """A target tracking policy with a target of 50 on a service `name`; its alarms."""
    scaling = session.client("application-autoscaling")
    place = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/{name}",
        "ScalableDimension": _DIMENSION,
    }
    scaling.register_scalable_target(**place, MinCapacity=1, MaxCapacity=4, Tags={"Owner": "ops"})
    return put_policy(session, name, 50, **specification)


def put_policy(
    session: EmulatorSession, name: str, target: float, **specification: str
) -> list[Any]:
    """Put the policy of a service `name`; its alarms, that of scaling out first."""
    place = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/{name}",
        "ScalableDimension": _DIMENSION,
    }
    made = session.client("application-autoscaling").put_scaling_policy(
        **place,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": target,
            "PredefinedMetricSpecification": specification,
        },
    )
    names = [alarm["AlarmName"] for alarm in made["Alarms"]]
    found: list[Any] = session.client("cloudwatch").describe_alarms(AlarmNames=names)[
        "MetricAlarms"
    ]
    return sorted(found, key=lambda alarm: int(alarm["EvaluationPeriods"]))


@probe("application-autoscaling/target tracking alarms")
def target_tracking_alarms(session: EmulatorSession) -> None:
    """The alarms have the policy's metric, its target, and 90 % of it for scaling in."""
    service(session, "tracked", "63")
    metric = {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": "app/balancer/1/targetgroup/group/2",
    }
    high, low = scaling_policy(session, "tracked", **metric)
    assert (high["Threshold"], high["EvaluationPeriods"]) == (50, 3)
    assert (low["Threshold"], low["EvaluationPeriods"]) == (45, 15)
    assert high["MetricName"] == "RequestCountPerTarget"
    assert {"Name": "LoadBalancer", "Value": "app/balancer/1"} in high["Dimensions"]
    assert {"Name": "TargetGroup", "Value": "targetgroup/group/2"} in high["Dimensions"]
    cloudwatch = session.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=high["AlarmName"], StateValue="ALARM", StateReason="now")
    changed, _ = put_policy(session, "tracked", 80, **metric)
    assert (changed["AlarmName"], changed["StateValue"]) == (high["AlarmName"], "ALARM")
    assert (changed["Threshold"], changed["AlarmActions"]) == (80, high["AlarmActions"])
    prefix = "TargetTracking-service/tracked/"
    assert len(cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]) == 2


@probe("application-autoscaling/tags")
def scalable_target_tags(session: EmulatorSession) -> None:
    """The tags of a scalable target read back and can be changed."""
    service(session, "labelled", "64")
    scaling_policy(session, "labelled", PredefinedMetricType="ECSServiceAverageCPUUtilization")
    scaling = session.client("application-autoscaling")
    found = scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=["service/labelled/labelled"]
    )
    arn = found["ScalableTargets"][0]["ScalableTargetARN"]
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Owner": "ops"}
    scaling.tag_resource(ResourceARN=arn, Tags={"Tier": "gold"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Owner"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Tier": "gold"}
