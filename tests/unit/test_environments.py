"""Whether the environments' variables are complete and each environment's own."""

from __future__ import annotations

import re

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_members, expect_none, found
from tests.support.hcl import Block
from tests.support.source import SourceTree

pytestmark = pytest.mark.source

ENVIRONMENTS = ["develop", "staging", "production"]


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    """Each environment in turn."""
    return str(request.param)


def file_of(source: SourceTree, environment: str) -> str:
    return f"{source.stack.name}/environments/{environment}.tfvars"


@pytest.mark.requirement("ENV-01")
def test_environment_sets_what_the_others_set(environment: str, source: SourceTree) -> None:
    every = {name for one in ENVIRONMENTS for name in source.variables(one)}
    own = found(file_of(source, environment), "variable", source.variables(environment))
    expect_members(file_of(source, environment), "variables", own, every)


@pytest.mark.requirement("ENV-01")
def test_environment_sets_every_variable_without_a_default(
    environment: str, source: SourceTree
) -> None:
    root = source.modules[source.stack].blocks
    variables = found("the stack", "variable", [b for b in root if b.kind == "variable"])
    needed = {b.labels[0] for b in variables if "default" not in b.attributes and not secret(b)}
    missing = needed - source.variables(environment).keys()
    expect_none(file_of(source, environment), "variable left unset", sorted(missing))


@pytest.mark.requirement("ENV-01")
def test_secret_variable_is_set_in_no_file(environment: str, source: SourceTree) -> None:
    variables = found("the stack", "variable", source.blocks("variable"))
    secrets = {block.labels[0] for block in variables if secret(block)}
    written = secrets & source.variables(environment).keys()
    expect_none(file_of(source, environment), "secret in a file", sorted(written))


def secret(variable: Block) -> bool:
    """Whoever runs Terraform gives it, as TF_VAR_<name>."""
    return variable.get("sensitive") is True


@pytest.mark.requirement("SEC-08")
def test_variable_with_a_secret_is_never_shown(
    source: SourceTree, requirement: Requirement
) -> None:
    names = re.compile(requirement.expected["variables"])
    variables = [one for one in source.blocks("variable") if names.search(one.labels[0])]
    shown = [one.where for one in found("the stack", "variable", variables) if not secret(one)]
    expect_none("the stack", "variable with a secret that is shown", shown)


@pytest.mark.requirement("ENV-03")
def test_environment_has_the_values_that_are_its_own(
    environment: str, source: SourceTree, requirement: Requirement
) -> None:
    given = source.variables(environment)
    wanted = found("ENV-03", "value", requirement.expected["variables"][environment].items())
    others = [f"{name} = {given.get(name)}, not {value}" for name, value in wanted
              if given.get(name) != value]  # fmt: skip
    expect_none(file_of(source, environment), "value of another environment", others)


@pytest.mark.requirement("ENV-02")
def test_environment_names_itself(environment: str, source: SourceTree) -> None:
    named = source.variables(environment).get("environment")
    expect_equal(file_of(source, environment), "environment", named, environment)


@pytest.mark.requirement("ENV-02")
def test_environment_shares_no_identity_with_another(
    environment: str, source: SourceTree, requirement: Requirement
) -> None:
    own, names = source.variables(environment), requirement.expected["own"]
    where = file_of(source, environment)
    expect_none(where, "identity left unset", [name for name in names if name not in own])
    shared = [
        f"{name} = {own[name]}, as in {other}"
        for name in names
        for other in ENVIRONMENTS
        if other != environment and source.variables(other).get(name) == own[name]
    ]
    expect_none(where, "value shared with another environment", shared)
