"""Commands are carried out and answered as the AWS CLI does it, and its shorthand is read."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.integration.live_aws_cli import GAVE_UP, REFUSED, UNUSABLE, LiveAwsCli
from tests.support import aws_shorthand
from tests.support.aws_cli import Command, parse
from tests.support.aws_cli_values import BadCommandError
from tests.support.rehearsal import Answer

pytestmark = pytest.mark.selftest

MOMENT = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


class Session:
    """A session with one stubbed client of each service."""

    def __init__(self) -> None:
        self.stubs: dict[str, Stubber] = {}
        self.regions: list[str | None] = []

    def client(self, service: str, region_name: str | None = None) -> Any:
        """The client of a service, whatever its region."""
        self.regions.append(region_name)
        return self.stub(service).client

    def stub(self, service: str) -> Stubber:
        """What answers for a service."""
        if service not in self.stubs:
            client = boto3.Session("a", "b", region_name="us-east-1").client(service)
            self.stubs[service] = Stubber(client)
            self.stubs[service].activate()
        return self.stubs[service]


@pytest.fixture
def session() -> Iterator[Session]:
    """A session that demands that every answer was asked for."""
    session = Session()
    yield session
    for stub in session.stubs.values():
        stub.assert_no_pending_responses()


def carry_out(session: Session, command: str, directory: Path, piped: str = "") -> Answer:
    """Carry one command out."""
    return LiveAwsCli(session, directory).answer(shlex.split(command), piped)


def test_dates_are_printed_and_sorted_as_text(session: Session, tmp_path: Path) -> None:
    services = [{"serviceName": name, "createdAt": MOMENT.replace(day=day)}
                for name, day in (("new", 3), ("old", 2))]  # fmt: skip
    session.stub("ecs").add_response(
        "describe_services", {"services": services}, {"services": ["s"]}
    )
    query = "sort_by(services, &createdAt)[0].[serviceName, createdAt]"
    command = f"aws ecs describe-services --services s --query '{query}' --output text"
    assert carry_out(session, command, tmp_path) == Answer("old\t2025-01-02T03:04:05+00:00\n")


def pages(session: Session) -> None:
    """Two pages of clusters."""
    stub = session.stub("ecs")
    stub.add_response("list_clusters", {"clusterArns": ["a"], "nextToken": "t"}, {})
    stub.add_response("list_clusters", {"clusterArns": ["b"]}, {"nextToken": "t"})


def test_all_pages_are_one_document(session: Session, tmp_path: Path) -> None:
    pages(session)
    command = "aws ecs list-clusters --query clusterArns"
    assert carry_out(session, command, tmp_path) == Answer('["a", "b"]\n')


def test_text_has_a_line_for_each_page(session: Session, tmp_path: Path) -> None:
    pages(session)
    command = "aws ecs list-clusters --query clusterArns[0] --output text"
    assert carry_out(session, command, tmp_path) == Answer("a\nb\n")


@pytest.mark.parametrize(
    ("option", "asked"), [("--max-results 1", {"maxResults": 1}), ("--max-items 1", {})]
)
def test_a_bound_ends_the_paging(
    option: str, asked: dict[str, int], session: Session, tmp_path: Path
) -> None:
    first = {"clusterArns": ["a"], "nextToken": "t"}
    session.stub("ecs").add_response("list_clusters", first, asked)
    command = f"aws ecs list-clusters {option} --query 'clusterArns'"
    assert carry_out(session, command, tmp_path) == Answer('["a"]\n')


def test_refusal_is_a_complaint_and_a_status(session: Session, tmp_path: Path) -> None:
    session.stub("ecs").add_client_error("list_clusters", "Denied", "not you")
    complaint = "An error occurred (Denied) when calling the ListClusters operation: not you\n"
    assert carry_out(session, "aws ecs list-clusters", tmp_path) == Answer("", REFUSED, complaint)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("aws ecs list-cluster", "did you mean list-clusters"),
        ("aws s3 sync a b", "aws s3 sync cannot be carried out here"),
    ],
)
def test_unusable_command_is_not_sent(
    command: str, says: str, session: Session, tmp_path: Path
) -> None:
    answer = carry_out(session, command, tmp_path)
    assert (answer.status, answer.text) == (UNUSABLE, "")
    assert says in answer.complaint


def test_waiter_looks_after_what_happens_meanwhile(session: Session, tmp_path: Path) -> None:
    happened: list[str] = []
    session.stub("rds").add_response(
        "describe_db_clusters", {"DBClusters": [{"Status": "available"}]}
    )

    def meanwhile(command: Command) -> None:
        happened.append(command.name)

    cli = LiveAwsCli(session, tmp_path, meanwhile)
    words = shlex.split("aws rds wait db-cluster-available --db-cluster-identifier c")
    assert cli.answer(words) == Answer()
    assert happened == ["rds wait db-cluster-available"]


def test_waiter_gives_up_at_once(session: Session, tmp_path: Path) -> None:
    answer = {"services": [{"status": "INACTIVE", "deployments": []}], "failures": []}
    session.stub("ecs").add_response("describe_services", answer, {"services": ["s"]})
    done = carry_out(session, "aws ecs wait services-stable --services s", tmp_path)
    assert done.status == GAVE_UP
    assert done.complaint.startswith("Waiter ServicesStable failed")


def test_what_is_piped_in_is_sent(session: Session, tmp_path: Path) -> None:
    sent = {"SecretId": "s", "SecretString": "hush"}
    session.stub("secretsmanager").add_response("put_secret_value", {"Name": "s"}, sent)
    command = ("aws secretsmanager put-secret-value --secret-id s --region us-west-2 "
               "--secret-string file:///dev/stdin --query Name --output text")  # fmt: skip
    assert carry_out(session, command, tmp_path, "hush") == Answer("s\n")
    assert session.regions == ["us-west-2"]


def test_paths_of_an_invalidation_are_one_batch(tmp_path: Path) -> None:
    command = "aws cloudfront create-invalidation --distribution-id D --paths /a /b"
    batch = parse(shlex.split(command), tmp_path).parameters["InvalidationBatch"]
    assert batch["Paths"] == {"Quantity": 2, "Items": ["/a", "/b"]}
    assert batch["CallerReference"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Name=a,Values=b,c", {"Name": "a", "Values": ["b", "c"]}),
        ("Name=tag:Name,Values=a-*", {"Name": "tag:Name", "Values": "a-*"}),
        ("a={b=[c,d],e=f},g=", {"a": {"b": ["c", "d"], "e": "f"}, "g": ""}),
        ("a=[{b=c},{b=d}]", {"a": [{"b": "c"}, {"b": "d"}]}),
        ('a=\'b,c\',d="e\\"f"', {"a": "b,c", "d": 'e"f'}),
        ("a=[]", {"a": []}),
    ],
)
def test_shorthand_is_read(text: str, value: dict[str, Any]) -> None:
    assert aws_shorthand.read(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a", "expected Key=value at 'a'"),
        ("=c", "expected Key=value at '=c'"),
        ("a=[b", "expected ]"),
        ("a={b=c", "expected }"),
        ("a='b", "a quote is never closed"),
        ("a=[b]c", "is left over"),
    ],
)
def test_what_is_no_shorthand_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        aws_shorthand.read(text)


def test_shorthand_has_the_types_that_the_operation_wants(tmp_path: Path) -> None:
    value = "maximumPercent=200,deploymentCircuitBreaker={enable=true,rollback=false}"
    words = ["aws", "ecs", "create-service", "--service-name", "s"]
    command = parse([*words, "--deployment-configuration", value], tmp_path)
    assert command.parameters["deploymentConfiguration"] == {
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": False},
    }


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("maximumPercent=all", "takes a number, not all"),
        ("deploymentCircuitBreaker={enable=true}", "Missing required parameter"),
        ("deploymentCircuitBreaker={enabled=true}", "no key enabled; did you mean enable"),
        ("maximumPercent", "expected Key=value"),
    ],
)
def test_shorthand_of_another_type_is_refused(value: str, says: str, tmp_path: Path) -> None:
    words = ["aws", "ecs", "create-service", "--service-name", "s"]
    with pytest.raises(BadCommandError, match=says):
        parse([*words, "--deployment-configuration", value], tmp_path)
