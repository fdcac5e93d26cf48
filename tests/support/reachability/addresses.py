"""IP addresses as numbers, and the parts of an address space that a set of ranges tells apart."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

BITS = {4: 32, 6: 128}


@dataclass(frozen=True, order=True)
class Range:
    """The addresses of one family (4 or 6) from `first` to `last`, both included."""

    family: int
    first: int
    last: int

    def holds(self, address: int) -> bool:
        """Whether the address, of the same family, is one of them."""
        return self.first <= address <= self.last

    def meets(self, other: Range) -> bool:
        """Whether the two have an address in common."""
        same = self.family == other.family
        return same and self.first <= other.last and other.first <= self.last

    @property
    def prefix(self) -> int:
        """The length of the prefix, in bits, of a range that was written as one."""
        return BITS[self.family] - (self.last - self.first).bit_length()

    def __str__(self) -> str:
        kind = ipaddress.IPv4Address if self.family == 4 else ipaddress.IPv6Address
        if self.last - self.first + 1 == 1 << (BITS[self.family] - self.prefix):
            return f"{kind(self.first)}/{self.prefix}"
        return f"{kind(self.first)}-{kind(self.last)}"


@cache
def cidr(text: str) -> Range:
    """The range that a CIDR block names. ValueError when it is none.

    Host bits are dropped, as EC2 does with them.
    """
    network = ipaddress.ip_network(text, strict=False)
    return Range(network.version, int(network.network_address), int(network.broadcast_address))


@dataclass(frozen=True)
class Region:
    """Addresses that no range in question tells apart; `address` stands for all of them.

    `within` is the narrowest of those ranges that holds them.
    """

    address: int
    within: Range | None


def regions(domain: Iterable[Range], cuts: Iterable[Range]) -> list[Region]:
    """The regions into which `cuts` divide `domain`; all are of one family.

    What is true of a region's address is true of every address in it, so that a finite number of
    questions answers for all addresses.
    """
    domain, cuts = sorted(set(domain)), sorted(set(cuts))
    edges = {one.first for one in (*domain, *cuts)} | {one.last + 1 for one in (*domain, *cuts)}
    found: dict[frozenset[Range], Region] = {}
    for edge in sorted(edges):
        if any(part.holds(edge) for part in domain):
            around = frozenset(cut for cut in cuts if cut.holds(edge))
            narrowest = min(around, key=lambda cut: cut.last - cut.first, default=None)
            found.setdefault(around, Region(edge, narrowest))
    return list(found.values())


def without(domain: Range, holes: Iterable[Range]) -> Iterator[Range]:
    """What is left of `domain`, in order."""
    position = domain.first
    for hole in sorted(one for one in holes if one.meets(domain)):
        if hole.first > position:
            yield Range(domain.family, position, hole.first - 1)
        position = max(position, hole.last + 1)
    if position <= domain.last:
        yield Range(domain.family, position, domain.last)


# Addresses that no internet gateway carries (IANA, IPv4 and IPv6 Special-Purpose Address
# Registries; the ranges for documentation are left in: a rule may name one by mistake).
PRIVATE = {
    4: tuple(map(cidr, ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"))),
    6: (cidr("fc00::/7"),),
}
_NOT_ROUTED = {
    4: tuple(map(cidr, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"))),
    6: tuple(without(cidr("::/0"), [cidr("2000::/3")])),
}
EVERYWHERE = {4: cidr("0.0.0.0/0"), 6: cidr("::/0")}


def public(family: int, taken: Iterable[Range]) -> list[Range]:
    """The addresses of the internet, without those `taken` by others."""
    return list(without(EVERYWHERE[family], [*PRIVATE[family], *_NOT_ROUTED[family], *taken]))
