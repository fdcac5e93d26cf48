"""A role that GitHub's workflows sign in to is for one repository's branch or environment.

CKV_AWS_358 and CKV_AWS_393 recognise the provider by its ARN in clear only, stop at the first
statement that is not GitHub's, ask for no audience, and pass repo:owner/name:*, by which every
branch and every pull request signs in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from _values import blocks, data_sources, is_unknown, locals_in, named_by, value, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

ISSUER = "token.actions.githubusercontent.com"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
# Within the text of a list that Checkov could not evaluate, too.
SUBJECT = re.compile(r"repo:(?:\$\{[^}]*\}|[^\s\"'\]}$])+")
# GitHub's default is in every token that is not asked for with an audience of its own.
ANY_AUDIENCE = re.compile(r"[*?]|https://github\.com/")
OTHERS = re.compile(rf"{ISSUER}|{WEB_IDENTITY}|Federated|\b(var|module|data)\.")


class Condition(NamedTuple):
    """One comparison of a statement: operator, key, and values, or a text in their place."""

    test: str
    variable: str
    values: Any


class Statement(NamedTuple):
    """What a trust policy's statement says of web identities."""

    actions: str
    principals: str
    conditions: tuple[Condition, ...]


class GithubTrust(BaseResourceCheck):
    """Looks at assume_role_policy of aws_iam_role, also where a data source makes it."""

    requirement = "IAM-06"

    def __init__(self) -> None:
        super().__init__(
            name="A role that GitHub's workflows sign in to names its audience and one subject",
            id="CKV2_MNXT_31",
            categories=[CheckCategories.IAM],
            supported_resources=["aws_iam_role"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Trust in anybody but GitHub's workflows is no matter of this policy."""
        self.evaluated_keys = ["assume_role_policy"]
        text = value(conf, "assume_role_policy")
        documents = data_sources(self, conf, text)
        statements = [s for document in documents for s in declared(document)] or [*written(text)]
        if not statements:
            return self._unread(conf, text)
        ours = {
            node["block_name_"]
            for block in (conf, *documents)
            for node in named_by(self, block)
            if ISSUER in str(node.get("url"))
        }
        return worst(self._judge(s) for s in statements if concerns_github(s, ours))

    def _unread(self, conf: dict[str, Any], text: Any) -> CheckResult:
        """A policy that is made of locals passes if they speak of services alone."""
        spoken = " ".join([str(text), *locals_in(self, conf, text)])
        clear = "sts:AssumeRole" in spoken and not OTHERS.search(spoken)
        return CheckResult.PASSED if clear else CheckResult.UNKNOWN

    def _judge(self, statement: Statement) -> CheckResult:
        compared = {
            claim: [c for c in statement.conditions if c.variable.endswith(f":{claim}")]
            for claim in ("aud", "sub")
        }
        missing = [claim for claim, conditions in compared.items() if not conditions]
        if missing and any(is_unknown(c.variable) for c in statement.conditions):
            return CheckResult.UNKNOWN
        if missing:
            self.details.append(f"no condition on {' and '.join(missing)}")
            return CheckResult.FAILED
        if wide := [c for c in compared["aud"] if ANY_AUDIENCE.search(str(c.values))]:
            self.details.append(f"audience {wide[0].values}")
            return CheckResult.FAILED
        return worst(self._subject(condition) for condition in compared["sub"])

    def _subject(self, condition: Condition) -> CheckResult:
        text = str(condition.values)
        subjects = SUBJECT.findall(text)
        if any(re.search(r"[*?]", re.sub(r"\$\{[^}]*\}", "", s)) for s in subjects):
            self.details.append(f"{condition.test} {', '.join(subjects)}")
            return CheckResult.FAILED
        exact = condition.test.rpartition(":")[2].startswith("StringEquals")
        if subjects and (exact or not any(map(is_unknown, subjects))):
            return CheckResult.PASSED
        # A variable without a value is an empty list to Checkov.
        if subjects or not condition.values or "$" in text or is_unknown(text.strip("[]'\"")):
            return CheckResult.UNKNOWN
        self.details.append(f"{condition.test} {text}")
        return CheckResult.FAILED


def concerns_github(statement: Statement, providers: set[str]) -> bool:
    """Whether workflows of GitHub sign in by the statement."""
    told = statement.principals + "".join(c.variable for c in statement.conditions)
    github = ISSUER in told or any(provider in statement.principals for provider in providers)
    return github and (WEB_IDENTITY in statement.actions or "*" in statement.actions)


def declared(document: dict[str, Any]) -> Iterator[Statement]:
    """The statements of a data source."""
    for block in blocks(document, "statement"):
        yield Statement(
            str(value(block, "actions")),
            " ".join(str(value(p, "identifiers")) for p in blocks(block, "principals")),
            tuple(
                Condition(str(value(c, "test")), str(value(c, "variable")), value(c, "values"))
                for c in blocks(block, "condition")
            ),
        )


def members(found: Any) -> list[tuple[str, Any]]:
    """The members of an object; none of anything else."""
    return list(found.items()) if isinstance(found, dict) else []


def written(policy: Any) -> Iterator[Statement]:
    """The statements of a policy that is written out; none where it cannot be read."""
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict):
            yield Statement(
                str(statement.get("Action")),
                str(statement.get("Principal")),
                tuple(
                    Condition(test, variable, values)
                    for test, compared in members(statement.get("Condition"))
                    for variable, values in members(compared)
                ),
            )


check = GithubTrust()
