"""The application's ECS service as the AWS CLI shows it to what deploys it or rolls it back.

It keeps revisions, deployments, the service's state and its assets, and nothing else of AWS.
Answers have the fields and names of AWS's API; a command that the AWS CLI would refuse is a
Violation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.aws_cli import Command, parse
from tests.support.aws_cli_values import BadCommandError
from tests.support.outcomes import SuiteError, Violation
from tests.support.rehearsal import Answer

ARN = "arn:aws:ecs:us-east-1:123456789012"
GAVE_UP = 255  # The exit status of a waiter that gives up.
REFUSED = 254  # That of a command that AWS answers with an error.
NETWORK = {
    "awsvpcConfiguration": {
        "subnets": ["subnet-a", "subnet-b"],
        "securityGroups": ["sg-app"],
        "assignPublicIp": "DISABLED",
    }
}


class _RefusedError(Exception):
    """AWS answers with an error."""


@dataclass
class DeployedService:
    """The service of an environment.

    `deployments` are revision and status (ECS's words) of each, oldest first; the last successful
    one runs. `latest` is the newest revision registered, deployed or not. The migrations end with
    `exit_code`, None if their container never started; `placeable` says whether a task can start
    at all. A new revision stays if it is `sound`; else ECS goes back to the one that ran. Waiting
    for the service ends well if it `settles`. The bucket takes the assets if it is `writable`.
    `images` holds what was registered and `migrated` the revisions that ran as tasks, both by ARN,
    `published` where assets were put and `forgotten` the distributions with an invalidation.
    """

    environment: str
    account: str = "123456789012"
    deployments: Sequence[tuple[int, str]] = ((1, "SUCCESSFUL"),)
    latest: int = 1
    exit_code: int | None = 0
    placeable: bool = True
    sound: bool = True
    settles: bool = True
    writable: bool = True
    images: dict[str, str] = field(default_factory=dict)
    migrated: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    running: str = ""

    def __post_init__(self) -> None:
        last = [revision for revision, status in self.deployments if status == "SUCCESSFUL"][-1]
        self.running = self.revision("app", last)

    @property
    def assets(self) -> str:
        """The bucket of the static assets."""
        return f"assets-{self.cluster}-{self.account}"

    @property
    def cluster(self) -> str:
        """The cluster's name; the service's and the families' begin with it."""
        return f"mantisnxt-{self.environment}"

    def revision(self, family: str, number: int) -> str:
        """The ARN of a revision of the family `app` or `migrations`."""
        return f"{ARN}:task-definition/{self.cluster}-{family}:{number}"

    def answer(self, where: str, words: Sequence[str], directory: Path) -> Answer:
        """What the AWS CLI answers; files are in `directory`, `where` goes into a Violation."""
        try:
            command = parse(words, directory)
        except BadCommandError as error:
            raise Violation(where, "a command that the AWS CLI knows", str(error)) from error
        operation = self._operations().get(command.name)
        if operation is None:
            raise SuiteError(f"{where}: nothing stands in for aws {command.name}")
        try:
            document = operation(command.parameters)
        except _RefusedError as error:
            return Answer("", REFUSED, f"An error occurred: {error}\n")
        if command.name == "ecs wait services-stable" and not self.settles:
            return Answer("", GAVE_UP, "Waiter ServicesStable failed: Max attempts exceeded\n")
        prints = command.output is not None
        return Answer(self._printed(where, command, document) if prints else "")

    def _printed(self, where: str, command: Command, document: Any) -> str:
        try:
            return command.printed(document)
        except BadCommandError as error:
            raise Violation(where, "an answer of one line", str(error)) from error

    def _operations(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        return {
            "cloudfront create-invalidation": self._create_invalidation,
            "cloudfront list-distributions": self._list_distributions,
            "ecr get-login-password": lambda _: None,
            "ecs describe-services": self._describe_services,
            "ecs describe-task-definition": self._describe_task_definition,
            "ecs describe-tasks": self._describe_tasks,
            "ecs describe-service-revisions": self._describe_service_revisions,
            "ecs list-service-deployments": self._list_service_deployments,
            "ecs list-task-definitions": self._list_task_definitions,
            "ecs register-task-definition": self._register_task_definition,
            "ecs run-task": self._run_task,
            "ecs update-service": self._update_service,
            "ecs wait services-stable": self._describe_services,
            "ecs wait tasks-stopped": self._describe_tasks,
            "s3 sync": self._sync,
        }

    def _known(self, parameters: Mapping[str, Any]) -> None:
        """Refuse a cluster or a service of another name."""
        if parameters.get("cluster") != self.cluster:
            raise _RefusedError(f"ClusterNotFoundException: {parameters.get('cluster')}")
        named = parameters.get("service") or (parameters.get("services") or [None])[0]
        if named not in (None, f"{self.cluster}-app"):
            raise _RefusedError(f"ServiceNotFoundException: {named}")

    def _describe_services(self, parameters: Mapping[str, Any]) -> Any:
        self._known(parameters)
        return {
            "services": [
                {
                    "taskDefinition": self.running,
                    "deployments": [{"status": "PRIMARY", "taskDefinition": self.running}],
                    "networkConfiguration": NETWORK,
                }
            ]
        }

    def _describe_task_definition(self, parameters: Mapping[str, Any]) -> Any:
        family, _, number = parameters["taskDefinition"].rpartition("/")[2].partition(":")
        kind = family.removeprefix(f"{self.cluster}-")
        if family == kind or kind not in ("app", "migrations"):
            raise _RefusedError(f"ClientException: Unable to describe task definition {family}")
        arn = self.revision(kind, int(number or self.latest))
        definition = {
            "taskDefinitionArn": arn,
            "family": family,
            "revision": int(number or self.latest),
            "status": "ACTIVE",
            "containerDefinitions": [{"name": "app", "image": self.images.get(arn, "bootstrap")}],
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "2048",
            "memory": "4096",
            "volumes": [{"name": "tmp"}],
            "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
            "compatibilities": ["EC2", "FARGATE"],
            "registeredAt": "2025-01-01T00:00:00+00:00",
            "registeredBy": "arn:aws:iam::123456789012:role/somebody",
        }
        return {"taskDefinition": definition, "tags": [{"key": "Project", "value": "MantisNXT"}]}

    def _register_task_definition(self, parameters: Mapping[str, Any]) -> Any:
        self.latest += 1
        kind = parameters["family"].removeprefix(f"{self.cluster}-")
        arn = self.revision(kind, self.latest)
        self.images[arn] = parameters["containerDefinitions"][0]["image"]
        return {"taskDefinition": {"taskDefinitionArn": arn, "revision": self.latest}}

    def _run_task(self, parameters: Mapping[str, Any]) -> Any:
        self._known(parameters)
        if not self.placeable:
            return {"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]}
        self.migrated.append(parameters["taskDefinition"])
        return {"tasks": [{"taskArn": f"{ARN}:task/{self.cluster}/1"}], "failures": []}

    def _describe_tasks(self, parameters: Mapping[str, Any]) -> Any:
        self._known(parameters)
        if not self.migrated:
            return {"tasks": [], "failures": [{"reason": "MISSING"}]}
        container: dict[str, Any] = {"name": "app"}
        if self.exit_code is not None:
            container["exitCode"] = self.exit_code
        return {"tasks": [{"containers": [container], "stoppedReason": "stopped"}]}

    def _update_service(self, parameters: Mapping[str, Any]) -> Any:
        self._known(parameters)
        wanted = parameters.get("taskDefinition", self.running)
        if self.sound:
            self.running = wanted
        return {"service": {"taskDefinition": wanted, "serviceArn": f"{ARN}:service/app"}}

    def _list_service_deployments(self, parameters: Mapping[str, Any]) -> Any:
        self._known(parameters)
        wanted = parameters.get("status")
        return {
            "serviceDeployments": [
                {
                    "targetServiceRevisionArn": f"{ARN}:service-revision/app/{number}",
                    "status": status,
                    "createdAt": self._created(number),
                }
                for number, (_, status) in enumerate(self.deployments)
                if wanted is None or status in wanted
            ]
        }

    def _describe_service_revisions(self, parameters: Mapping[str, Any]) -> Any:
        """In no particular order: AWS promises none."""
        numbers = [int(arn.rpartition("/")[2]) for arn in parameters["serviceRevisionArns"]]
        return {
            "serviceRevisions": [
                {
                    "serviceRevisionArn": f"{ARN}:service-revision/app/{number}",
                    "taskDefinition": self.revision("app", self.deployments[number][0]),
                    "createdAt": self._created(number),
                }
                for number in sorted(numbers, key=lambda number: (number % 2, number))
            ]
        }

    def _list_task_definitions(self, parameters: Mapping[str, Any]) -> Any:
        numbers = range(1, self.latest + 1)
        newest_first = parameters.get("sort") == "DESC"
        ordered = reversed(numbers) if newest_first else numbers
        return {"taskDefinitionArns": [self.revision("app", number) for number in ordered]}

    def _sync(self, parameters: Mapping[str, Any]) -> Any:
        destination = parameters["words"][1]
        if not self.writable:
            raise _RefusedError(f"AccessDenied: PutObject to {destination}")
        self.published.append(destination)

    def _list_distributions(self, _: Mapping[str, Any]) -> Any:
        """Each has an origin that is a bucket; the environment's comes second."""
        origins = ["other.s3.us-east-1.amazonaws.com", f"{self.assets}.s3.us-east-1.amazonaws.com"]
        items = [
            {"Id": origin.partition(".")[0], "Origins": {"Items": [{"DomainName": origin}]}}
            for origin in origins
        ]
        return {"DistributionList": {"Items": items}}

    def _create_invalidation(self, parameters: Mapping[str, Any]) -> Any:
        if parameters["DistributionId"] != self.assets:
            raise _RefusedError(f"NoSuchDistribution: {parameters['DistributionId']}")
        self.forgotten.append(parameters["DistributionId"])
        return {"Invalidation": {"Id": "I1"}}

    def _created(self, deployment: int) -> str:
        return f"2025-01-{deployment + 1:02}T00:00:00+00:00"
