"""What the policies found: plain data, apart from how Checkov is run (checkov.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.support.outcomes import Invalid


class Resource(NamedTuple):
    """A resource: its address, and its file below the stack."""

    address: str
    file: str


@dataclass(frozen=True)
class Policy:
    """A policy that was loaded: what it proves, and the resource types that it judges."""

    id: str
    name: str
    file: str
    requirement: str | None
    resource_types: frozenset[str]


@dataclass(frozen=True)
class Finding:
    """Something that a check objects to. `silenced` marks one that a comment in the source hides.

    `requirement` is that of the policy, None for Checkov's own checks.
    """

    check_id: str
    check_name: str
    resource: Resource
    line_range: tuple[int, int]
    stack: str
    requirement: str | None = None
    details: tuple[str, ...] = ()
    silenced: bool = False

    @property
    def where(self) -> str:
        """The file, the line and the address, as every failure names them."""
        return f"{self.stack}/{self.resource.file}:{self.line_range[0]}  {self.resource.address}"

    def __str__(self) -> str:
        said = "; ".join(self.details)
        silenced = " (silenced by a comment in the source; write a waiver)" if self.silenced else ""
        return f"{self.where}  {self.check_id} {self.check_name}{said and ': '}{said}{silenced}"


@dataclass(frozen=True)
class Result:
    """What Checkov found. `passed` holds check id and resource of every check that passed.

    `sarif` and `junit` are Checkov's own reports of the same run.
    """

    findings: tuple[Finding, ...]
    passed: frozenset[tuple[str, Resource]]
    policies: tuple[Policy, ...]
    resources: dict[Resource, str]
    sarif: dict[str, Any] = field(repr=False)
    junit: str = field(repr=False)

    def policies_for(self, requirement: str) -> list[Policy]:
        """The policies that prove a requirement."""
        return [policy for policy in self.policies if policy.requirement == requirement]

    def passed_by(self, policies: Iterable[Policy]) -> list[Resource]:
        """The resources that these policies passed."""
        identifiers = {policy.id for policy in policies}
        return [resource for check_id, resource in self.passed if check_id in identifiers]

    def unjudged(self, policy: Policy) -> set[Resource]:
        """The resources of the policy's types that it gave no verdict on."""
        failed = {f.resource for f in self.findings if f.check_id == policy.id}
        concerned = {r for r, kind in self.resources.items() if kind in policy.resource_types}
        return concerned - failed - set(self.passed_by([policy]))

    def refuse_unjudged(self, policies: Iterable[Policy]) -> None:
        """Raise Invalid if one of the policies gave no verdict on a resource of its types."""
        for policy in policies:
            for resource in sorted(self.unjudged(policy)):
                raise Invalid(
                    f"{policy.id} ({policy.file}) gave no verdict on {resource.address} in "
                    f"{resource.file}: give the argument a value that Checkov can read, or teach "
                    "the policy"
                )
