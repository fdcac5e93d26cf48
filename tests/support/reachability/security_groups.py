"""What security groups let pass.

Amazon VPC user guide, "Security group rules": rules only allow; all rules of all groups of an
interface count. A rule that names a group matches the private addresses of the interfaces that hold
it. Protocol -1 is every protocol on every port. Groups are stateful: answers to what was allowed
need no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.support.reachability.addresses import Range
from tests.support.reachability.model import ALL, GroupReference, PrefixListReference, Rule, Unknown
from tests.support.reachability.steps import (
    Answer,
    Flow,
    Place,
    Step,
    Tables,
    all_of,
    carries,
    doubts,
    in_prefix_list,
    lies_in,
    passes,
    stops,
)


def is_peer(rule: Rule, place: Place, tables: Tables) -> Answer:
    """Whether a security group's rule is about the place."""
    match rule.peer:
        case Range() as addresses:
            return lies_in(place, addresses)
        case GroupReference(group):
            return None if isinstance(place.groups, Unknown) else group in place.groups
        case PrefixListReference(identifier):
            return in_prefix_list(place, identifier, tables)
    return None


def security_groups(here: Place, there: Place, flow: Flow, egress: bool, tables: Tables) -> Step:
    """Whether the groups `here` let the flow out to (egress) or in from `there`."""
    verb = "lets out to" if egress else "allows"
    if isinstance(here.groups, Unknown):
        return doubts(f"the security groups of {here.label}: {here.groups.reason}")
    if here.node and not here.groups:
        return passes()
    doubt, others = "", set()
    for group, rule in _rules(here.groups, egress, tables):
        if rule is None:
            doubt = doubt or f"security group {group} is not described"
            continue
        matches = all_of((carries(rule.protocol, rule.ports, flow), is_peer(rule, there, tables)))
        said = f"sg {group} {verb} {_peer(rule, tables)}:{_ports(rule)}"
        if matches:
            return passes(said)
        if matches is None:
            doubt = doubt or f"{said}, if at all: {_why(rule, tables)}"
        elif carries(rule.protocol, rule.ports, flow):
            others.add(_peer(rule, tables))
    if doubt:
        return doubts(doubt)
    labels = ", ".join(_group(group, tables) for group in here.groups)
    denied = f"does not {'let out to' if egress else 'allow'} {there.label}:{flow}"
    instead = f", only {', '.join(sorted(others))}" if others else ""
    return stops(f"sg {labels} {denied}{instead}")


def _rules(held: Iterable[str], egress: bool, tables: Tables) -> Iterator[tuple[str, Rule | None]]:
    """Each rule with its group's label; None for a group that is not described."""
    for identifier in held:
        group = tables.groups.get(identifier)
        if group is None:
            yield identifier, None
        else:
            for rule in group.egress if egress else group.ingress:
                yield group.label, rule


def _group(identifier: str, tables: Tables) -> str:
    return tables.groups[identifier].label if identifier in tables.groups else identifier


def _peer(rule: Rule, tables: Tables) -> str:
    match rule.peer:
        case GroupReference(group):
            return f"sg {_group(group, tables)}"
        case PrefixListReference(identifier):
            listed = tables.prefix_lists.get(identifier)
            return listed.label if listed else identifier
        case Unknown():
            return "somebody"
    return str(rule.peer)


def _ports(rule: Rule) -> str:
    if isinstance(rule.protocol, Unknown) or isinstance(rule.ports, Unknown):
        return "unknown"
    if rule.protocol == ALL:
        return "all"
    return str(rule.ports) if rule.protocol == "tcp" else f"{rule.ports}/{rule.protocol}"


def _why(rule: Rule, tables: Tables) -> str:
    """Why nobody can say whether the rule matches."""
    parts = (rule.protocol, rule.ports, rule.peer)
    reasons = [part.reason for part in parts if isinstance(part, Unknown)]
    if isinstance(rule.peer, PrefixListReference):
        listed = tables.prefix_lists.get(rule.peer.prefix_list)
        known = listed and not isinstance(listed.ranges, Unknown)
        if not known:
            reasons.append(f"what {_peer(rule, tables)} lists is not described")
    return "; ".join(reasons) or "the address or the groups of the other side are unknown"
