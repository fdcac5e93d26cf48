"""Whether the environments' variables are complete and each environment's own."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_members, expect_none, found
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
    environment: str, source: SourceTree, requirement: Requirement
) -> None:
    root = source.modules[source.stack].blocks
    variables = [block for block in root if block.kind == "variable"]
    needed = {block.labels[0] for block in variables if "default" not in block.attributes}
    elsewhere = set(requirement.expected["given_by_process_environment"])
    missing = needed - elsewhere - source.variables(environment).keys()
    expect_none(file_of(source, environment), "variable left unset", sorted(missing))


@pytest.mark.requirement("ENV-01")
def test_secret_variable_is_set_in_no_file(
    environment: str, source: SourceTree, requirement: Requirement
) -> None:
    secret = {b.labels[0] for b in source.blocks("variable") if b.get("sensitive") is True}
    expect_members("variables.tf", "secret variables", secret, requirement.expected["secret"])
    written = secret & source.variables(environment).keys()
    expect_none(file_of(source, environment), "secret in a file", sorted(written))


@pytest.mark.requirement("ENV-02")
def test_environment_names_itself(environment: str, source: SourceTree) -> None:
    named = source.variables(environment).get("environment")
    expect_equal(file_of(source, environment), "environment", named, environment)


@pytest.mark.requirement("ENV-02")
def test_environment_shares_no_identity_with_another(
    environment: str, source: SourceTree, requirement: Requirement
) -> None:
    own = source.variables(environment)
    shared = [
        f"{name} = {own.get(name)}, as in {other}"
        for name in requirement.expected["own"]
        for other in ENVIRONMENTS
        if other != environment and source.variables(other).get(name) == own.get(name)
    ]
    expect_none(file_of(source, environment), "value shared with another environment", shared)
