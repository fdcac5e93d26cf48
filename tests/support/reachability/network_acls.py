"""What network ACLs let pass.

Amazon VPC user guide, "Network ACL rules": entries are tried by ascending number, the first that
matches decides, and what matches none is denied. ACLs are stateless and stand at the subnet's edge:
traffic within a subnet never meets one.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.reachability.model import AclEntry, Subnet, Unknown
from tests.support.reachability.steps import (
    Flow,
    Place,
    Step,
    Tables,
    all_of,
    carries,
    doubts,
    lies_in,
    passes,
    stops,
)


def acl(subnet: Subnet, there: Place, flow: Flow, egress: bool, tables: Tables) -> Step:
    """Whether the subnet's ACL lets the flow out to (egress) or in from `there`."""
    if isinstance(subnet.acl, Unknown):
        return doubts(f"the network ACL of {subnet.label}: {subnet.acl.reason}")
    found = tables.acls.get(subnet.acl)
    if found is None:
        return doubts(f"network ACL {subnet.acl} is not described")
    way = f"{'out to' if egress else 'in from'} {there.label}:{flow}"
    entries = [entry for entry in found.entries if entry.egress is egress]
    possible, decided = _outcomes(entries, there, flow)
    if len(possible) > 1:
        return doubts(f"acl {found.label} {way}: {_doubt(entries)}")
    if possible == {True}:
        return passes()
    by = f"entry {decided.number}" if decided else "its last entry"
    return stops(f"acl {found.label}: {by} denies {way}")


def _outcomes(
    entries: list[AclEntry], there: Place, flow: Flow
) -> tuple[set[bool], AclEntry | None]:
    """What the ACL may do with the flow, and the entry that is sure to decide."""
    ordered = all(isinstance(entry.number, int) for entry in entries)
    possible: set[bool] = set()
    decided = None
    for entry in sorted(entries, key=_number):
        there_ = None if isinstance(entry.range, Unknown) else lies_in(there, entry.range)
        matches = all_of((carries(entry.protocol, entry.ports, flow), there_))
        if matches is not False:
            possible |= {True, False} if isinstance(entry.allow, Unknown) else {entry.allow}
        if matches:
            decided = entry
            if ordered:
                return possible, decided
    return possible if decided else possible | {False}, decided


def _number(entry: AclEntry) -> int:
    return 0 if isinstance(entry.number, Unknown) else entry.number


def _doubt(entries: Iterable[AclEntry]) -> str:
    """The first reason why the entries leave it open."""
    parts = (part for e in entries for part in (e.number, e.allow, e.protocol, e.ports, e.range))
    unknown = (part.reason for part in parts if isinstance(part, Unknown))
    return next(unknown, "an entry names some of these addresses only")
