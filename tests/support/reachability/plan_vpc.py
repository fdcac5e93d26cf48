"""The VPC of a plan, how its routes are written, and which subnet uses what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability.model import Unknown
from tests.support.reachability.plan_values import blocks, identifier

ROUTE_ENDS = ("cidr_block", "ipv6_cidr_block", "destination_prefix_list_id")
# The argument of a route, and what it leads to; `gateway_id` is an internet or a VPN gateway.
ROUTE_TARGETS = (
    "gateway_id",
    "nat_gateway_id",
    "egress_only_gateway_id",
    "vpc_endpoint_id",
    "transit_gateway_id",
    "vpc_peering_connection_id",
    "network_interface_id",
    "carrier_gateway_id",
    "local_gateway_id",
    "core_network_arn",
    "instance_id",
)


@dataclass(frozen=True)
class Vpc:
    """The VPC that is looked at, and the ids of what it has of itself."""

    resource: Resource
    default_group: str
    default_table: str
    default_acl: str

    @classmethod
    def of(cls, plan: Plan, resource: Resource) -> Vpc:
        """The VPC of that resource."""

        def adopted(kind: str, path: str) -> str:
            found = (one.address for one in plan.all(kind)
                     if identifier(one, path) == resource.address)  # fmt: skip
            return next(found, resource.address)

        return cls(
            resource,
            adopted("aws_default_security_group", "vpc_id"),
            adopted("aws_default_route_table", "default_route_table_id"),
            adopted("aws_default_network_acl", "default_network_acl_id"),
        )

    def label(self, name: str, kind: str) -> str:
        """The id itself, unless it is the VPC's: then it is that of what the VPC has of a kind."""
        return f"{kind} of {name}" if name == self.resource.address else name

    def owns(self, resource: Resource) -> bool:
        """Whether the resource is in this VPC."""
        return identifier(resource, "vpc_id") == self.resource.address

    def group(self, name: str) -> str:
        """The id of a security group, by whichever name it goes."""
        return self.default_group if name == self.resource.address else name

    def table(self, name: str) -> str:
        """The same of a route table."""
        return self.default_table if name == self.resource.address else name

    def acl(self, name: str) -> str:
        """The same of a network ACL."""
        return self.default_acl if name == self.resource.address else name


def tables(plan: Plan) -> list[Resource]:
    """Every route table, of whichever VPC."""
    return [*plan.all("aws_route_table"), *plan.all("aws_default_route_table")]


def route_blocks(table: Resource) -> list[Resource | Unknown]:
    """The routes written inside a table."""
    return blocks(table, "route", ROUTE_ENDS)


def chosen(
    usual: str | Unknown,
    associations: Iterable[tuple[str | Unknown | None, str | Unknown | None]],
) -> defaultdict[str, str | Unknown]:
    """What is associated with each subnet; where a subnet is unknown, it may be any other."""
    found: dict[str, str | Unknown] = {}
    for subnet, thing in associations:
        if isinstance(subnet, str) and thing is not None:
            found[subnet] = thing
        elif isinstance(subnet, Unknown):
            usual = subnet
    return defaultdict(lambda: usual, found)
