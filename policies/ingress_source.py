"""Ports other than HTTP and HTTPS are opened to security groups, not to addresses.

An address range admits whatever is given an address in it, and the wrong range admits nobody: the
load balancer's nodes sit in the public subnets. Checkov's checks look at 0.0.0.0/0 and at a few
well-known ports only.
"""

from __future__ import annotations

from typing import Any

from _values import blocks, is_unknown, value, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

PUBLIC_PORTS = {80, 443}
ADDRESSES = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")
GROUPS = (
    "prefix_list_id",
    "prefix_list_ids",
    "referenced_security_group_id",
    "security_groups",
    "self",
    "source_security_group_id",
)


class IngressSource(BaseResourceCheck):
    """Looks at inline ingress blocks and at both kinds of rule resources."""

    requirement = "NET-04"

    def __init__(self) -> None:
        super().__init__(
            name="Ports other than HTTP and HTTPS are opened to security groups, not to addresses",
            id="CKV2_MNXT_11",
            categories=[CheckCategories.NETWORKING],
            supported_resources=[
                "aws_default_security_group",
                "aws_security_group",
                "aws_security_group_rule",
                "aws_vpc_security_group_ingress_rule",
            ],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """A group without ingress rules admits nobody."""
        self.evaluated_keys = ["ingress", *ADDRESSES]
        match self.entity_type:
            case "aws_security_group" | "aws_default_security_group":
                rules = blocks(conf, "ingress")
            case "aws_security_group_rule":
                rules = [conf] if value(conf, "type") == "ingress" else []
            case _:
                rules = [conf]
        return worst(self._judge(rule) for rule in rules)

    def _judge(self, rule: dict[str, Any]) -> CheckResult:
        sources = [value(rule, name) for name in ADDRESSES if value(rule, name)]
        first, last = value(rule, "from_port"), value(rule, "to_port")
        if first == last and first in PUBLIC_PORTS:
            return CheckResult.PASSED
        if not sources:
            # A variable without a value looks like an empty list.
            known = any(value(rule, name) for name in GROUPS)
            return CheckResult.PASSED if known else CheckResult.UNKNOWN
        if is_unknown(first) or is_unknown(last):
            return CheckResult.UNKNOWN
        self.details.append(f"ports {first} to {last} are open to {sources}")
        return CheckResult.FAILED


check = IngressSource()
