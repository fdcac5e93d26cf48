"""Where runbooks and pipeline are carried out for real: an environment on its own emulator.

The AWS CLI's commands reach the emulator. The other tools are stood in for and do nothing: what
Terraform would do after a restore is looked at elsewhere.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.integration.live_aws_cli import LiveAwsCli
from tests.support.aws_cli import ADDED, Command
from tests.support.job_rehearsal import Called, JobRehearsal
from tests.support.outcomes import SuiteError, Violation
from tests.support.rehearsal import Answer
from tests.support.runbook import Block, Runbook, RunbookCall
from tests.support.workflow import Event, Job, Workflow

COMPLAINT = re.compile(r"line \d+: .*")


@dataclass(frozen=True)
class Run:
    """What a run called, in order, and what it printed."""

    calls: list[RunbookCall]
    output: str

    def call(self, command: str) -> RunbookCall:
        """The first call of a command; a Violation if there is none."""
        for call in self.calls:
            if call.command == command:
                return call
        raise Violation("the runbook", f"a call of {command}", "none")


class Clients:
    """A boto3 session's clients, each made once: making one takes longer than asking it."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._made: dict[tuple[str, str | None], Any] = {}

    def client(self, service: str, region_name: str | None = None) -> Any:
        """A low-level client, as the session's own `client`."""
        if (service, region_name) not in self._made:
            self._made[service, region_name] = self._session.client(
                service, region_name=region_name
            )
        return self._made[service, region_name]


class Stage:
    """An environment where the runbooks may write. `session` is a boto3 session on its emulator."""

    def __init__(self, runbook: Runbook, environment: str, session: Any, directory: Path) -> None:
        self.runbook, self.environment, self.session = runbook, environment, Clients(session)
        self.prefix = f"mantisnxt-{environment}"
        self._directory = directory
        self._shown = datetime.datetime.min.replace(tzinfo=datetime.UTC)

    def client(self, service: str) -> Any:
        """A low-level client."""
        return self.session.client(service)

    def section(self, title: str, *without: str) -> list[Block]:
        """The blocks of a section that call none of the commands `without`; a Violation if none."""
        blocks = self.runbook.section(title)
        left = [b for b in blocks if not any(command in b.text for command in without)]
        if not left:
            raise Violation(self.runbook.name, f"a block in the section {title}", "none")
        return left

    def run(self, blocks: Sequence[Block]) -> Run:
        """Carry out blocks, one after the other in one shell.

        A Violation at the first command that fails: here even what AWS takes its time for is there
        at once, so that no loop has to ask twice.
        """
        cli = LiveAwsCli(self.session, self._directory, self._meanwhile)

        def answer(call: RunbookCall) -> Answer:
            if call.words[0] == "date":
                return Answer(self._date(call))
            if call.words[0] != "aws":
                return Answer()
            answer = cli.answer(call.words, call.piped)
            if answer.status:
                failure = answer.complaint.strip()
                raise Violation(call.where, f"{call.command} to succeed", failure)
            return answer

        found, directory = list(blocks), self._directory
        calls, ending = self.runbook.rehearse(found, self.environment, answer, directory)
        if complaints := COMPLAINT.findall(ending.output):
            raise Violation(self.runbook.name, "no complaint of the shell", "; ".join(complaints))
        return Run(calls, ending.output)

    def deploy(self, workflow: Workflow, job: Job, branch: str, directory: Path) -> JobRehearsal:
        """Carry out a job of the pipeline for a push to a branch; `directory` takes its files.

        Images and assets are stood in for: there is no registry, and nothing to publish.
        """
        cli = LiveAwsCli(self.session, directory, self._meanwhile)

        def answer(call: Called) -> Answer:
            if call.words[0] != "aws" or call.words[1:3] in ADDED:
                return Answer("answer\n")
            return cli.answer(call.words)

        tools = ["aws", "docker"]
        return JobRehearsal(workflow, job, Event("push", branch), answer, tools, directory)

    def _date(self, call: RunbookCall) -> str:
        """The time, which is never the same second twice: names are made of it.

        A person is slower than that; here two backups can be begun within a second.
        """
        if call.words[:2] != ("date", "-u") or not call.words[-1].startswith("+"):
            raise SuiteError(f"{call.where}: only date -u +FORMAT is carried out, not {call.text}")
        now = datetime.datetime.now(datetime.UTC)
        self._shown = max(now, self._shown + datetime.timedelta(seconds=1))
        return self._shown.strftime(call.words[-1][1:]) + "\n"

    def _meanwhile(self, command: Command) -> None:
        if command.name == "ecs wait services-stable":
            self.settle()

    # --- ECS ------------------------------------------------------------------------------

    def service(self) -> dict[str, Any]:
        """The application's service."""
        wanted = {"cluster": self.prefix, "services": [f"{self.prefix}-app"]}
        service: dict[str, Any] = self.client("ecs").describe_services(**wanted)["services"][0]
        return service

    def settle(self) -> None:
        """What ECS's scheduler does and the emulator does not: run the service's tasks."""
        ecs, service = self.client("ecs"), self.service()
        group = {"cluster": self.prefix, "serviceName": service["serviceName"]}
        arns = ecs.list_tasks(**group, desiredStatus="RUNNING")["taskArns"]
        tasks = ecs.describe_tasks(cluster=self.prefix, tasks=arns)["tasks"] if arns else []
        others = [t for t in tasks if t["taskDefinitionArn"] != service["taskDefinition"]]
        for task in others:
            ecs.stop_task(cluster=self.prefix, task=task["taskArn"])
        missing = service["desiredCount"] - len(tasks) + len(others)
        if missing > 0:
            ecs.run_task(
                cluster=self.prefix,
                taskDefinition=service["taskDefinition"],
                launchType="FARGATE",
                group=f"service:{service['serviceName']}",
                count=missing,
                networkConfiguration=service["networkConfiguration"],
            )

    def definition(self, arn: str) -> dict[str, Any]:
        """A task definition."""
        found = self.client("ecs").describe_task_definition(taskDefinition=arn)
        return dict(found["taskDefinition"])

    def task(self, arn: str) -> dict[str, Any]:
        """A task, with the groups of its network interface."""
        task = self.client("ecs").describe_tasks(cluster=self.prefix, tasks=[arn])["tasks"][0]
        details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
        wanted = {"NetworkInterfaceIds": [details["networkInterfaceId"]]}
        found = self.client("ec2").describe_network_interfaces(**wanted)["NetworkInterfaces"][0]
        groups = [group["GroupId"] for group in found["Groups"]]
        return {**task, "subnet": details["subnetId"], "groups": groups}

    def register(self, image: str) -> str:
        """Register the running revision with another image; the new one's ARN."""
        ecs = self.client("ecs")
        found = self.definition(self.service()["taskDefinition"])
        shape = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
        wanted = {key: value for key, value in found.items() if key in shape.members}
        for container in wanted["containerDefinitions"]:
            container["image"] = image
        made = ecs.register_task_definition(**wanted)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def relive(self, history: Iterable[tuple[int, str]]) -> dict[int, str]:
        """Deploy revisions in an order; the ARN of each by its number in `history`.

        A deployment that is not SUCCESSFUL is one whose tasks never run.
        """
        revisions: dict[int, str] = {}
        for number, status in history:
            if number not in revisions:
                revisions[number] = self.register(f"app:{number}")
            self.client("ecs").update_service(
                cluster=self.prefix,
                service=f"{self.prefix}-app",
                taskDefinition=revisions[number],
                forceNewDeployment=True,
            )
            if status == "SUCCESSFUL":
                self.settle()
        return revisions

    # --- Databases and caches -------------------------------------------------------------

    def cluster(self, name: str) -> dict[str, Any]:
        """An Aurora cluster."""
        wanted = {"DBClusterIdentifier": name}
        cluster: dict[str, Any] = self.client("rds").describe_db_clusters(**wanted)["DBClusters"][0]
        return cluster

    def databases(self) -> dict[str, str]:
        """The resource id of every Aurora cluster and instance, by its name."""
        rds = self.client("rds")
        clusters = rds.describe_db_clusters()["DBClusters"]
        instances = rds.describe_db_instances()["DBInstances"]
        return {
            **{one["DBClusterIdentifier"]: one["DbClusterResourceId"] for one in clusters},
            **{one["DBInstanceIdentifier"]: one["DbiResourceId"] for one in instances},
        }

    def instance(self, name: str) -> dict[str, Any]:
        """An instance of an Aurora cluster."""
        wanted = {"DBInstanceIdentifier": name}
        found: list[dict[str, Any]] = self.client("rds").describe_db_instances(**wanted)[
            "DBInstances"
        ]
        return found[0]

    def latest_moment(self) -> str:
        """The latest moment that the database can be restored to, in whole seconds."""
        latest = self.cluster(self.prefix)["LatestRestorableTime"]
        return str(latest.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def snapshots(self, cluster: str) -> list[str]:
        """The ARNs of the manual snapshots whose names begin with a cluster's, oldest first."""
        found = self.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
        return [
            one["DBClusterSnapshotArn"]
            for one in sorted(found, key=lambda one: one["SnapshotCreateTime"])
            if one["DBClusterSnapshotIdentifier"].startswith(cluster)
        ]

    def newest_snapshot(self) -> str:
        """The ARN of the newest manual snapshot of the database."""
        return self.snapshots(self.prefix)[-1]

    def caches(self, source: str) -> dict[str, dict[str, Any]]:
        """The snapshots of Redis that were taken by the `system` or a `user`, by name."""
        found = self.client("elasticache").describe_snapshots(SnapshotSource=source)["Snapshots"]
        return {one["SnapshotName"]: one for one in found}

    def secret(self, name: str) -> str:
        """The value of one of the environment's secrets."""
        wanted = {"SecretId": f"{self.prefix}/{name}"}
        return str(self.client("secretsmanager").get_secret_value(**wanted)["SecretString"])

    def cache(self) -> dict[str, Any]:
        """The replication group together with what its first member says of all of them."""
        cache = self.client("elasticache")
        wanted = {"ReplicationGroupId": self.prefix}
        group = cache.describe_replication_groups(**wanted)["ReplicationGroups"][0]
        member = cache.describe_cache_clusters(CacheClusterId=group["MemberClusters"][0])
        return {**member["CacheClusters"][0], **group}


def chosen(blocks: Sequence[Block], name: str, value: str) -> list[Block]:
    """The blocks with a value that the reader has to choose: `name="…"` on a line of its own."""
    line = re.compile(rf'^{name}="[^"$]*"$', re.MULTILINE)
    if sum(len(line.findall(block.text)) for block in blocks) != 1:
        raise SuiteError(f"the blocks do not set {name} to a value exactly once")
    return [replace(b, text=line.sub(f'{name}="{value}"', b.text)) for b in blocks]


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], keys: Iterable[str]
) -> list[str]:
    """The keys whose values differ, with both; SuiteError for a key that `before` does not have."""
    if missing := [key for key in keys if key not in before]:
        raise SuiteError(f"nothing to compare: no {', '.join(missing)}")
    return [
        f"{key} = {after.get(key)}, not {before[key]}"
        for key in keys
        if after.get(key) != before[key]
    ]
