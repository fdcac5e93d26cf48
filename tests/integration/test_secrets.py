"""The deployed secrets, and who may read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_members, found
from tests.support.target import Target
from tests.support.task_secrets import secret_arn

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("SEC-02")
@pytest.mark.parametrize("name", ["database", "redis-auth-token"])
def test_secret_rotates(name: str, target: Target, requirement: Requirement) -> None:
    secret = target.client("secretsmanager").describe_secret(SecretId=f"{target.prefix}/{name}")
    expect_members("SEC-02", "secrets", {name} & set(requirement.expected["secrets"]), [name])
    expect_equal(secret["ARN"], "rotation", secret.get("RotationEnabled"), True)


@pytest.mark.requirement("SEC-03")
def test_execution_role_reads_exactly_the_tasks_secrets(
    target: Target,
    task_definition: dict[str, Any],
    container: dict[str, Any],
    requirement: Requirement,
) -> None:
    role = task_definition["executionRoleArn"].rpartition("/")[2]
    iam = target.client("iam")
    readable = [
        resource
        for name in target.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
        for statement in document(iam, role, name)["Statement"]
        if statement["Effect"] == "Allow"
        and requirement.expected["action"] in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    named = {secret_arn(s["valueFrom"]) for s in found(role, "secret", container["secrets"])}
    expect_members(role, "readable secrets", readable, named)


@pytest.mark.requirement("SEC-03")
def test_execution_role_has_no_other_policies(
    target: Target, task_definition: dict[str, Any]
) -> None:
    role = task_definition["executionRoleArn"].rpartition("/")[2]
    attached = target.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    expect_members(role, "attached policies", [p["PolicyArn"] for p in attached], [])


def document(iam: Any, role: str, name: str) -> dict[str, Any]:
    policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return dict(json.loads(policy)) if isinstance(policy, str) else dict(policy)


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
