"""Each mistake in a container or its definition is seen by the check that is for it and no other.

The checks are those of the integration tier, called with a container that is started here. The same
checks then pass through testinfra's own Docker backend, with a program in Docker's place.
"""

from __future__ import annotations

import inspect
import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import testinfra

from tests.integration import launched_task
from tests.integration import test_container as tier
from tests.integration.launched_task import Image, Task
from tests.support import catalogue, containers
from tests.support.outcomes import Invalid, NotProvable, SuiteError, Violation

pytestmark = pytest.mark.selftest

CATALOGUE = catalogue.load()
CHECKS = {name: check for name, check in vars(tier).items() if name.startswith("test_")}
CONTRACT = CATALOGUE.requirement("ECS-02").expected
CHATTY = "tests.selftest.chatty_standin"
ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1"
LISTENS = "test_container_listens_where_the_definition_says"
HEALTHY = "test_health_check_can_be_run_and_is_content"
VARIABLES = "test_every_variable_arrives_with_its_value"
SECRETS = "test_secrets_arrive_and_are_not_in_the_definition"
USER = "test_container_runs_as_its_plain_user"
LOG = "test_log_is_json_line_by_line"

SOUND: Mapping[str, Any] = {
    "name": "app",
    "user": "1000",
    "portMappings": [{"containerPort": 3000}],
    "environment": [{"name": one, "value": f"the {one}"} for one in CONTRACT["environment"]],
    "secrets": [{"name": one, "valueFrom": f"arn:{one}"} for one in CONTRACT["secrets"]],
    "healthCheck": {
        "command": ["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"],
        "timeout": 5,
    },
}


def without(variables: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    """The list without the variable of that name."""
    return [one for one in variables if one["name"] != name]


def health(*command: str, timeout: int = 5) -> dict[str, Any]:
    """A health check with this command."""
    return {"healthCheck": {"command": list(command), "timeout": timeout}}


def started(container: Mapping[str, Any]) -> Task:
    """The container with its environment, each secret's value made of its name."""
    plain = {one["name"]: one["value"] for one in container["environment"]}
    secret = {one["name"]: f"hidden {one['name']}" for one in container["secrets"]}
    return Task(ARN, container, {**plain, **secret})


def failures(host: Any, container: Mapping[str, Any]) -> dict[str, str]:
    """What each check of the tier that fails has seen, by its name."""
    given = {"host": host, "container": container}
    given["task_definition"] = {"containerDefinitions": [container]}
    seen = {}
    for name, check in CHECKS.items():
        (marker,) = [one for one in check.pytestmark if one.name == "requirement"]
        given["requirement"] = CATALOGUE.requirement(marker.args[0])
        try:
            check(**{one: given[one] for one in inspect.signature(check).parameters})
        except Violation as violation:
            seen[name] = f"expected {violation.expected}; actual {violation.actual}"
    return seen


def image(module: str = "tests.support.standin") -> Image:
    """The application as the catalogue has it."""
    return Image(3000, "/api/health", module)


def test_sound_container_passes_every_check() -> None:
    with launched_task.running(started(SOUND), image()) as host:
        assert failures(host, SOUND) == {}
    assert len(CHECKS) == 7


@pytest.mark.parametrize(
    ("change", "check", "seen"),
    [
        pytest.param(
            {"portMappings": [{"containerPort": 8080}]}, LISTENS,
            "expected ports open on every interface containing 3000, 8080; "
            "actual ports open on every interface = 3000", id="port",
        ),
        pytest.param(
            health("CMD-SHELL", "wget -q http://localhost:3000/api/health || exit 1"), HEALTHY,
            "expected wget in the image; actual no such program", id="health-program-missing",
        ),
        pytest.param(
            health("CMD", "curl", "-f", "http://localhost:3000/healthz"), HEALTHY,
            "expected exit status of curl -f http://localhost:3000/healthz = 0; "
            "actual exit status of curl -f http://localhost:3000/healthz = 22", id="health-path",
        ),
        pytest.param(
            health("CMD-SHELL", "until false; do :; done", timeout=1), HEALTHY,
            "expected exit status of until false; do :; done = 0; "
            "actual exit status of until false; do :; done = 124", id="health-too-slow",
        ),
        pytest.param(
            {"environment": without(SOUND["environment"], "NODE_ENV")}, VARIABLES,
            "expected variables containing EMAIL_FROM, ", id="variable-lacking",
        ),
        pytest.param(
            {"secrets": without(SOUND["secrets"], "SENTRY_DSN")}, SECRETS,
            "expected secrets containing DATABASE_URL, ", id="secret-left-out",
        ),
        pytest.param(
            {"environment": [*SOUND["environment"], {"name": "DSN", "value": "hidden SENTRY_DSN"}]},
            SECRETS, "expected no secret whose value the definition shows; actual SENTRY_DSN",
            id="secret-in-clear",
        ),
        pytest.param({"user": "0"}, USER, "expected user ids = 1000; actual user ids = 0",
                     id="root"),
        pytest.param({"user": None}, USER, "expected user ids = 1000; actual user ids = 0",
                     id="user-forgotten"),
        pytest.param({"user": "1001:1000"}, USER,
                     "expected user ids = 1000; actual user ids = 1001", id="another-user"),
    ],
)  # fmt: skip
def test_mistake_in_the_definition_is_seen(change: dict[str, Any], check: str, seen: str) -> None:
    mistaken = {**SOUND, **change}
    with launched_task.running(started(mistaken), image()) as host:
        found = failures(host, mistaken)
    assert list(found) == [check]
    assert found[check].startswith(seen)


def test_value_that_changed_on_its_way_is_seen() -> None:
    task = started({**SOUND, "environment": [{"name": "NODE_ENV", "value": "develop"}]})
    complete = {**started(SOUND).environment, **task.environment}
    with launched_task.running(Task(ARN, SOUND, complete), image()) as host:
        found = failures(host, SOUND)
    assert found == {
        VARIABLES: "expected no variable whose value is not the definition's; actual NODE_ENV"
    }


def test_empty_secret_is_seen() -> None:
    environment = {**started(SOUND).environment, "SENTRY_DSN": ""}
    with launched_task.running(Task(ARN, SOUND, environment), image()) as host:
        assert list(failures(host, SOUND)) == [SECRETS]


def test_log_that_begins_with_a_banner_is_seen() -> None:
    with launched_task.running(started(SOUND), image(CHATTY)) as host:
        found = failures(host, SOUND)
    told = "expected no line that is not one JSON object; actual Server started, reports to ***"
    assert found == {LOG: told}


def test_secret_in_the_log_is_not_shown() -> None:
    lines = ['{"level": "info"}', f"{'-' * 70} hidden SENTRY_DSN", "SENTRY_DSN is set"]
    arrived = {"SENTRY_DSN": "hidden SENTRY_DSN", "NODE_ENV": "", "TWILIO_AUTH_TOKEN": "hidden"}
    shown = containers.without_object(lines, arrived.values())
    assert shown == [f"{'-' * 70} ***", "SENTRY_DSN is set"]


def test_application_that_listens_elsewhere_is_seen() -> None:
    with launched_task.running(started(SOUND), Image(3001, "/api/health")) as host:
        found = failures(host, SOUND)
    assert list(found) == [LISTENS, "test_health_endpoint_answers_in_time", HEALTHY]


def test_task_that_does_not_start_is_a_failure() -> None:
    ended = pytest.raises(Violation, match=r"No module named tests\.nothing$")
    with ended, launched_task.running(started(SOUND), image("tests.nothing")):
        pytest.fail("it started")


@pytest.mark.parametrize(
    "change",
    [{"user": "node"}, {"command": ["npm", "start"]}, {"entryPoint": ["/init"]}],
    ids=["user-by-name", "command", "entry-point"],
)
def test_what_only_the_image_knows_is_not_provable(change: dict[str, Any]) -> None:
    container = {**SOUND, **change}
    with pytest.raises(NotProvable), launched_task.running(started(container), image()):
        pytest.fail("it started")


def test_machine_without_a_program_of_the_image_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "curl" else found(name))
    lacking = pytest.raises(NotProvable, match="with curl, which this machine does not have")
    with lacking, launched_task.running(started(SOUND), image()):
        pytest.fail("it started")


def test_no_secret_is_in_what_a_task_shows_of_itself() -> None:
    assert "hidden" not in repr(started(SOUND))


# --- Through testinfra's Docker backend ---------------------------------------------------------


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """docker(host): a launched task as testinfra reaches it by its Docker backend.

    The program in Docker's place knows `exec` and `logs` of one container, `app`.
    """

    def install(host: Any) -> Any:
        backend = host.backend
        known = [f"{name}={value}" for name, value in backend.environment.items()]
        enter = shlex.join([str(shutil.which("env")), "-i", *known, *backend.enter])
        script = tmp_path / "docker"
        script.write_text(
            "#!/bin/sh\n"
            '[ "$2" = app ] || { echo "Error: No such container: $2" >&2; exit 1; }\n'
            f'case "$1" in\nexec) shift 2; cd /; exec {enter} "$@" ;;\n'
            f"logs) exec {shutil.which('cat')} {backend.log_path} ;;\nesac\nexit 125\n"
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return testinfra.get_host("docker://app")

    return install


def test_checks_pass_through_the_docker_backend(docker: Callable[[Any], Any]) -> None:
    with launched_task.running(started(SOUND), image()) as host:
        reached = docker(host)
        containers.expect_reachable(reached)
        assert failures(reached, SOUND) == {}
        assert containers.name(reached) == "docker://app"


def test_mistakes_are_seen_through_the_docker_backend(docker: Callable[[Any], Any]) -> None:
    mistaken = {**SOUND, "user": "root", "secrets": without(SOUND["secrets"], "SENTRY_DSN")}
    with launched_task.running(started(mistaken), image(CHATTY)) as host:
        assert list(failures(docker(host), mistaken)) == [SECRETS, USER, LOG]


def test_container_that_is_not_there_is_told_in_one_line(docker: Callable[[Any], Any]) -> None:
    with launched_task.running(started(SOUND), image()) as host:
        docker(host)
        told = pytest.raises(Invalid, match=r"^docker://gone takes no command: Error: No such")
        with told:
            containers.expect_reachable(testinfra.get_host("docker://gone"))


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        ("bogus://app", "--hosts bogus://app: Unknown connection type 'bogus'; write docker://"),
        ("salt://app", "--hosts salt://app: You must install salt"),
    ],
)
def test_hosts_that_testinfra_does_not_know_are_refused(hosts: str, told: str) -> None:
    with pytest.raises(SuiteError, match=re.escape(told)):
        containers.check_hosts(hosts)


@pytest.mark.parametrize("hosts", [None, "docker://app", "docker://app,podman://other"])
def test_hosts_that_testinfra_knows_are_taken(hosts: str | None) -> None:
    containers.check_hosts(hosts)


def test_backend_that_keeps_no_log_is_told() -> None:
    with pytest.raises(Invalid, match="no log by testinfra's backend local; use docker://"):
        containers.log_lines(testinfra.get_host("local://"))


@pytest.mark.parametrize("command", [["NONE"], ["CMD"], [], ["curl", "-f", "x"]])
def test_health_check_of_another_form_is_invalid(command: list[str]) -> None:
    with pytest.raises(Invalid, match="neither CMD nor CMD-SHELL"):
        containers.health_command(health(*command))


@pytest.mark.parametrize("command", ["curl -f x", "curl; true", "'curl' -f x|cat", "curl&&true"])
def test_program_is_the_first_word_of_a_command_line(command: str) -> None:
    assert containers.program(command) == "curl"


TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue
   0: 00000000:0BB8 00000000:0000 0A 00000000:00000000
   1: 0100007F:0BB9 00000000:0000 0A 00000000:00000000
   2: 00000000:0BBA 0100007F:C350 01 00000000:00000000
   3: 00000000000000000000000000000000:0BBB 00000000000000000000000000000000:0000 0A 00000000
"""


def test_only_what_listens_on_every_interface_counts() -> None:
    assert containers.ports(TABLE) == {3000, 3003}
