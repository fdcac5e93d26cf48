"""Who reaches whom: rules, ranges, ports, subnets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutants.mutant import Edit
from tests.mutants.operators.registry import (
    Change,
    cut,
    named,
    of_type,
    operator,
    replaced,
    rewritten,
)
from tests.mutants.places import Block, Setting, Stack

RULES = (
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_security_group_rule",
)
EVERYWHERE = "0.0.0.0/0"
RANGES = re.compile(r'"(?:\d+\.){3}\d+/\d+"')
SUBNETS = ("public", "private", "database")


def rules(stack: Stack) -> Iterator[Block]:
    """Each rule, a resource of its own or a block in its group."""
    for block in stack.blocks:
        own = block.outermost and block.kind == "resource" and block.type in RULES
        inline = block.type == "aws_security_group" and block.name in ("ingress", "egress")
        if own or inline:
            yield block


def inside(block: Block, stack: Stack) -> dict[str, Setting]:
    """The settings in a block, by name."""
    return {
        s.name: s
        for s in stack.settings
        if s.document is block.document and block.start < s.start and s.end < block.end
    }


@operator("drop-rule", "security")
def drop_rule(stack: Stack) -> Iterator[Change]:
    """A security group's rule is missing."""
    for block in rules(stack):
        yield from cut(stack, block)


@operator("widen-rule-ports", "security")
def widen_ports(stack: Stack) -> Iterator[Change]:
    """A rule admits every port."""
    yield from _with_ports(stack, "0", "65535")


@operator("move-rule-port", "configuration data")
def move_port(stack: Stack) -> Iterator[Change]:
    """A rule is for the port beside the right one."""
    yield from _with_ports(stack, "8081", "8081")


def _with_ports(stack: Stack, lowest: str, highest: str) -> Iterator[Change]:
    """Each rule that names ports, with these in their place."""
    for block in rules(stack):
        own = inside(block, stack)
        if "from_port" in own and "to_port" in own:
            upper = own["to_port"]
            more = Edit(stack.relative(block.document), upper.start, upper.end, highest)
            yield from replaced(stack, own["from_port"], lowest, "", more)


@operator("widen-rule-source", "security")
def widen_source(stack: Stack) -> Iterator[Change]:
    """A rule that admits a group admits the internet."""
    for place in of_type(stack, *RULES):
        if place.name in ("referenced_security_group_id", "source_security_group_id"):
            name = "cidr_ipv4" if place.name.startswith("referenced") else "cidr_blocks"
            value = f'"{EVERYWHERE}"' if name == "cidr_ipv4" else f'["{EVERYWHERE}"]'
            yield rewritten(stack, place, f"{name} = {value}")


@operator("rule-protocol", "configuration data")
def rule_protocol(stack: Stack) -> Iterator[Change]:
    """A rule is for UDP in the place of TCP."""
    for place in of_type(stack, *RULES, "aws_security_group"):
        if place.name in ("ip_protocol", "protocol") and place.value == "tcp":
            yield from replaced(stack, place, '"udp"')


@operator("open-range", "security")
def open_range(stack: Stack) -> Iterator[Change]:
    """A CIDR range is wider than it was, or everything."""
    for place in stack.settings:
        if place.kind in ("resource", "module", "locals") and "{" not in place.text:
            for n, found in enumerate(RANGES.finditer(place.text)):
                if found[0] != f'"{EVERYWHERE}"':
                    changed = place.text[: found.start()] + f'"{EVERYWHERE}"'
                    changed += place.text[found.end() :]
                    yield from replaced(stack, place, changed, str(n) if n else "")


@operator("narrow-range", "configuration data")
def narrow_range(stack: Stack) -> Iterator[Change]:
    """What was open to everybody is open to one network."""
    for place in stack.settings:
        if place.kind == "resource" and place.text.strip("[]") == f'"{EVERYWHERE}"':
            yield from replaced(stack, place, place.text.replace(EVERYWHERE, "10.0.0.0/8"))


@operator("swap-subnets", "configuration data")
def swap_subnets(stack: Stack) -> Iterator[Change]:
    """Something lies in the subnets of another tier."""
    for place in stack.settings:
        if place.kind not in ("resource", "module") or place.name == "depends_on":
            continue
        for wrong in SUBNETS:
            others = "|".join(s for s in SUBNETS if s != wrong)
            found = re.search(
                rf"module\.\w+\.({others})(?=_subnets\b|_route_table)"
                rf"|aws_subnet\.({others})(?=[.\[])",
                place.text,
            )
            if found:
                start, end = found.span(found.lastindex or 0)
                changed = place.text[:start] + wrong + place.text[end:]
                yield from replaced(stack, place, changed, wrong)


@operator("swap-ranges", "configuration data")
def swap_ranges(stack: Stack) -> Iterator[Change]:
    """Two tiers have each other's ranges, or one subnet lies in its neighbour's zone."""
    lists = [s for s in named(stack, *(f"{s}_subnets" for s in SUBNETS)) if s.text[:1] == "["]
    for one, other in zip(lists, [*lists[1:], *lists[:1]], strict=True):
        if one is not other and one.address == other.address:
            back = Edit(stack.relative(other.document), other.start, other.end, one.text)
            yield from replaced(stack, one, other.text, "", back)
