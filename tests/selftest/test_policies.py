"""Every policy loads, flags exactly its bad fixtures, and says what the catalogue says."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import catalogue, metrics
from tests.support.catalogue import Catalogue
from tests.support.checkov import POLICIES, Scan
from tests.support.checkov_loaded import policy_files
from tests.support.findings import Policy, Resource, Result
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

FIXTURES = Path(__file__).with_name("policies")
STEMS = [path.stem for path in policy_files(POLICIES)]
PREFIXES = {"pass": "good_", "fail": "bad_", "unknown": "unknown_"}


@pytest.fixture(scope="module")
def result() -> Result:
    """One run of Checkov over all fixtures. It raises if a policy does not load."""
    return Scan(FIXTURES).result()


@pytest.fixture(scope="module")
def requirements() -> Catalogue:
    return catalogue.load()


@pytest.fixture(params=STEMS)
def stem(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def policy(stem: str, result: Result) -> Policy:
    """The one policy of the file."""
    [policy] = [p for p in result.policies if Path(p.file).stem == stem]
    return policy


@pytest.fixture
def expected(stem: str) -> dict[str, list[str]]:
    """The addresses under `pass`, `fail` and, where there are any, `unknown`."""
    lists: dict[str, list[str]] = yaml.safe_load((FIXTURES / stem / "expected.yaml").read_text())
    return {"unknown": [], **lists}


def verdicts(policy: Policy, result: Result, file: str) -> dict[str, set[str]]:
    """What the policy said of the example resources of a file."""
    found = {
        "pass": result.passed_by([policy]),
        "fail": [f.resource for f in result.findings if f.check_id == policy.id],
        "unknown": result.unjudged(policy),
    }
    return {name: {r.address for r in places if example(r, file)} for name, places in found.items()}


def example(resource: Resource, file: str) -> bool:
    """Whether the resource is an example and not what one is made of."""
    name = resource.address.split(".")[1]
    return resource.file == file and name.startswith(tuple(PREFIXES.values()))


def constant(stem: str, name: str) -> Any:
    """A constant of a policy in Python, which only Checkov's environment could import."""
    tree = ast.parse((POLICIES / f"{stem}.py").read_text(encoding="utf-8"))
    [value] = [
        ast.literal_eval(node.value.args[0] if isinstance(node.value, ast.Call) else node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return value


def test_policies_and_fixtures_pair_both_ways() -> None:
    paired = {path.name for path in FIXTURES.iterdir() if path.is_dir()}
    assert paired == set(STEMS), "each policy needs tests/selftest/policies/<its file's name>/"


def test_policy_flags_exactly_the_bad_examples(
    stem: str, policy: Policy, result: Result, expected: dict[str, list[str]]
) -> None:
    wanted = {name: set(addresses) for name, addresses in expected.items()}
    found = verdicts(policy, result, f"{stem}/main.tf")
    assert found == wanted, f"Checkov's verdicts are not those of {stem}/expected.yaml"


@pytest.mark.parametrize("name", ["pass", "fail"])
def test_policy_has_good_and_bad_examples(name: str, expected: dict[str, list[str]]) -> None:
    assert expected[name]


@pytest.mark.parametrize(("name", "prefix"), PREFIXES.items())
def test_example_is_named_for_its_verdict(
    name: str, prefix: str, expected: dict[str, list[str]]
) -> None:
    assert [a for a in expected[name] if not a.split(".")[1].startswith(prefix)] == []


def test_policy_names_a_requirement(policy: Policy, requirements: Catalogue) -> None:
    assert policy.requirement in {r.id for r in requirements.requirements}


def test_policy_has_an_id_of_ours(policy: Policy) -> None:
    assert re.fullmatch(r"CKV2_MNXT_\d+", policy.id)


def test_policy_is_documented(policy: Policy) -> None:
    text = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    assert f"### {policy.id} · {policy.name}" in text.splitlines()


def test_requirement_proven_by_policy_has_one(result: Result, requirements: Catalogue) -> None:
    wanted = {r.id for r in requirements.requirements if "policy" in r.proven} - {"POL-01"}
    assert wanted - {policy.requirement for policy in result.policies} == set()


def conditions(stem: str) -> dict[str, Any]:
    """What a policy in YAML compares each attribute with; the last where there are several."""
    text = (POLICIES / f"{stem}.yaml").read_text(encoding="utf-8")
    waiting = [yaml.safe_load(text)["definition"]]
    for condition in waiting:
        waiting += condition.get("or", []) + condition.get("and", [])
    return {c["attribute"]: c.get("value") for c in waiting if "attribute" in c}


# A policy, the attribute, the requirement and the field of what it expects.
COMPARED = [
    ("tls_policy", "ssl_policy", "ALB-02", "ssl_policies"),
    ("flow_log_traffic", "traffic_type", "NET-03", "traffic"),
    ("http_redirect", "default_action.redirect.port", "ALB-03", "redirect_port"),
    ("http_redirect", "default_action.redirect.protocol", "ALB-03", "redirect_protocol"),
    ("http_redirect", "default_action.redirect.status_code", "ALB-03", "status"),
]
# The same of a constant of a policy in Python.
CONSTANTS = [
    ("aurora_backup_retention", "MINIMUM_DAYS", "DB-04", "retention_days"),
    ("deployment_rollback", "MINIMUM_HEALTHY_PERCENT", "ECS-06", "minimum_healthy_percent"),
    ("redis_failover", "MINIMUM_NODES", "REDIS-02", "nodes"),
    ("redis_snapshots", "MINIMUM_DAYS", "REDIS-04", "retention_days"),
    ("scaling_bounds", "DIMENSION", "SCALE-01", "dimension"),
]


@pytest.mark.parametrize(("stem", "attribute", "requirement", "field"), COMPARED)
def test_policy_compares_with_the_catalogues_value(
    stem: str, attribute: str, requirement: str, field: str, requirements: Catalogue
) -> None:
    wanted = requirements.requirement(requirement).expected[field]
    assert str(conditions(stem)[attribute]) == str(wanted)


@pytest.mark.parametrize(("stem", "name", "requirement", "field"), CONSTANTS)
def test_constant_of_a_policy_is_the_catalogues(
    stem: str, name: str, requirement: str, field: str, requirements: Catalogue
) -> None:
    assert constant(stem, name) == requirements.requirement(requirement).expected[field]


def test_oldest_tls_of_the_edge_is_the_catalogues(requirements: Catalogue) -> None:
    allowed = conditions("edge_tls")["viewer_certificate.minimum_protocol_version"]
    assert min(allowed) == requirements.requirement("CDN-01").expected["minimum_tls"]


@pytest.mark.parametrize(
    ("stem", "requirement"), [("maintenance_window", "DB-05"), ("redis_window", "REDIS-05")]
)
def test_window_is_the_catalogues(stem: str, requirement: str, requirements: Catalogue) -> None:
    expected = requirements.requirement(requirement).expected
    assert constant(stem, "SCHEDULE") == (expected["day"], expected["from"], expected["to"])


def test_metrics_are_those_that_the_suite_knows() -> None:
    known: dict[tuple[str, str], tuple[Any, ...]] = runpy.run_path(str(POLICIES / "_metrics.py"))[
        "KNOWN"
    ]
    suite = {
        (m.namespace, name): (set(m.dimensions), set(m.statistics), m.unit, *m.thresholds)
        for m in metrics.load().metrics
        for name in m.names
    }
    policies = {key: (set(m[0]), set(m[1]), *m[2:]) for key, m in known.items()}
    assert policies == suite


def test_policies_of_aws_that_the_catalogue_admits_are_not_wide(requirements: Catalogue) -> None:
    admitted = requirements.requirement("IAM-08").expected["policies"]
    wide = re.compile(constant("managed_policies", "WIDE"))
    assert [name for name in admitted if wide.fullmatch(name)] == []


def test_log_retention_is_the_catalogues_shortest(requirements: Catalogue) -> None:
    days = requirements.requirement("MON-06").expected["retention_days"].values()
    assert constant("log_retention", "MINIMUM_DAYS") == min(days)


def test_secret_names_are_those_of_the_environment_contract(requirements: Catalogue) -> None:
    contract = requirements.requirement("ECS-02").expected
    pattern = re.compile(constant("container_secrets", "SECRET_NAME"))
    assert [name for name in contract["secrets"] if not pattern.search(name)] == []
    assert [name for name in contract["environment"] if pattern.search(name)] == []
