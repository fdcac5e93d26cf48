"""The security groups of a plan, however their rules are written.

A group made by Terraform has no rule but those of the configuration: the provider takes away the
one that AWS gives a new group (provider documentation, `aws_security_group`). The default group is
as AWS makes it, unless `aws_default_security_group` takes it over, which empties it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability.addresses import EVERYWHERE
from tests.support.reachability.model import (
    ALL,
    EVERY_PORT,
    GroupReference,
    Peer,
    PrefixListReference,
    Rule,
    SecurityGroup,
    Unknown,
    ports_of,
    protocol_of,
)
from tests.support.reachability.plan_values import blocks, identifier, identifiers, ranges, value

INGRESS, EGRESS = "ingress", "egress"
_SEPARATE = {
    "aws_vpc_security_group_ingress_rule": INGRESS,
    "aws_vpc_security_group_egress_rule": EGRESS,
}


@dataclass
class Rules:
    """The rules gathered for one group."""

    ingress: list[Rule] = field(default_factory=list)
    egress: list[Rule] = field(default_factory=list)

    def of(self, way: str) -> list[Rule]:
        """Those of one direction."""
        return self.ingress if way == INGRESS else self.egress


def security_groups(
    plan: Plan, own: Callable[[Resource], bool], default: str, alias: Callable[[str], str]
) -> tuple[SecurityGroup, ...]:
    """The groups for which `own` holds, and the default group, whose id is `default`.

    `alias` gives the id for another name of the same thing.
    """
    managed = [
        group
        for kind in ("aws_security_group", "aws_default_security_group")
        for group in plan.all(kind)
        if own(group)
    ]
    gathered = {group.address: _inline(group, alias) for group in managed}
    if default not in gathered:
        gathered[default] = _as_aws_makes_it(default)
    for way, rule in _separate(plan):
        group = _id(identifier(rule, "security_group_id"), alias)
        rules = _rules(rule, way, alias)
        # A rule of an unknown group may be any group's.
        for name in gathered if not isinstance(group, str) else {group} & gathered.keys():
            gathered[name].of(way).extend(rules)
    names = {group.address: _name(group) for group in managed}
    return tuple(
        SecurityGroup(
            name,
            name if name in names else f"default of {name}",
            tuple(rules.ingress),
            tuple(rules.egress),
            names.get(name, "default"),
        )
        for name, rules in gathered.items()
    )


def _name(group: Resource) -> str:
    return str(next((found for argument in ("name", "name_prefix")
                     if isinstance(found := value(group, argument), str)), ""))  # fmt: skip


def _as_aws_makes_it(identifier_: str) -> Rules:
    """Amazon VPC user guide, "Default security groups"."""
    return Rules(
        [Rule(ALL, EVERY_PORT, GroupReference(identifier_))],
        [Rule(ALL, EVERY_PORT, everywhere) for everywhere in EVERYWHERE.values()],
    )


def _inline(group: Resource, alias: Callable[[str], str]) -> Rules:
    rules = Rules()
    for way in (INGRESS, EGRESS):
        for block in blocks(group, way, ["protocol"]):
            if isinstance(block, Unknown):
                rules.of(way).append(Rule(block, block, block))
            else:
                rules.of(way).extend(_rules(block, way, alias, group.address))
    return rules


def _separate(plan: Plan) -> Iterator[tuple[str, Resource]]:
    for kind, way in _SEPARATE.items():
        yield from ((way, rule) for rule in plan.all(kind))
    for rule in plan.all("aws_security_group_rule"):
        yield str(rule.value("type")), rule


def _rules(
    written: Resource, way: str, alias: Callable[[str], str], group: str | None = None
) -> list[Rule]:
    """One rule for each peer that the resource or block names."""
    separate = written.type in _SEPARATE
    protocol = value(written, "ip_protocol" if separate else "protocol")
    protocol = protocol if isinstance(protocol, Unknown) else protocol_of(protocol)
    ports = ports_of(protocol, value(written, "from_port"), value(written, "to_port"))
    return [Rule(protocol, ports, peer) for peer in _peers(written, alias, group)]


def _peers(
    written: Resource, alias: Callable[[str], str], group: str | None
) -> Iterator[Peer | Unknown]:
    for path in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"):
        yield from ranges(written, path)
    for found in _ids(written, "prefix_list_ids", "prefix_list_id"):
        yield found if isinstance(found, Unknown) else PrefixListReference(alias(found))
    for found in _ids(
        written, "security_groups", "source_security_group_id", "referenced_security_group_id"
    ):
        # `account/group` is the group of a peered account.
        yield (
            found if isinstance(found, Unknown) else GroupReference(alias(found.rpartition("/")[2]))
        )
    itself = value(written, "self", False)
    if isinstance(itself, Unknown):
        yield itself
    elif itself:
        own = group or _id(identifier(written, "security_group_id"), alias)
        yield GroupReference(own) if isinstance(own, str) else Unknown("of which group is unknown")


def _ids(written: Resource, *paths: str) -> Iterator[str | Unknown]:
    """The ids at those of the paths that the resource or block has."""
    for path in paths:
        several = path.endswith("s")
        found = identifiers(written, path) if several else identifier(written, path)
        yield from found if isinstance(found, tuple) else filter(None, [found])


def _id(found: str | Unknown | None, alias: Callable[[str], str]) -> str | Unknown | None:
    return alias(found) if isinstance(found, str) else found
