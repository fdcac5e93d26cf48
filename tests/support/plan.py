"""A plan as Terraform's JSON describes it: values, what is unknown, and what refers to what.

Terraform documentation, "JSON Output Format": `resource_changes` holds each resource's values after
the change and which of them are known only after apply; `configuration` holds the expressions. A
value that is not known is never guessed: asking for it raises Invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from tests.support import arns
from tests.support.outcomes import Invalid, Violation
from tests.support.placeholders.symbols import plain
from tests.support.plan_configuration import Configuration
from tests.support.planned_resource import Resource


class Plan:
    """The plan of one environment.

    `location` gives the file and line of what an address names, or None; `written` what the source
    says at an address and a path, or None.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        markers: Collection[str] = (),
        location: Callable[[str], str | None] = lambda _: None,
        written: Callable[[str, str], Any] = lambda _address, _path: None,
    ) -> None:
        self._document = document
        self._markers = markers
        self._location = location
        self._written = written
        self.configuration = Configuration(document["configuration"])

    @cached_property
    def resources(self) -> list[Resource]:
        """Every managed resource that will exist."""
        return [
            self._resource(change["address"], change["change"])
            for change in self._document.get("resource_changes", [])
            if change["mode"] == "managed" and change["change"]["actions"] != ["delete"]
        ]

    @cached_property
    def _data(self) -> list[Resource]:
        deferred = [
            self._resource(change["address"], change["change"])
            for change in self._document.get("resource_changes", [])
            if change["mode"] == "data"
        ]
        prior = self._document.get("prior_state", {}).get("values", {}).get("root_module", {})
        read = [
            self._resource(one["address"], {"after": one["values"], "after_unknown": {}})
            for module in _state_modules(prior)
            for one in module.get("resources", [])
            if one["mode"] == "data"
        ]
        return deferred + read

    def _resource(self, address: str, change: Mapping[str, Any]) -> Resource:
        where = " ".join(filter(None, [self._location(address), address]))
        after, unknown = change.get("after") or {}, change.get("after_unknown") or {}
        return Resource(
            address,
            where,
            after,
            unknown,
            self.configuration,
            self._written,
            self._owner,
            lambda value: arns.named(value, self._with_name),
        )

    def _owner(self, symbol: str) -> str:
        """The address in a symbol: the longest one that the plan has."""
        candidates = [a for a in self._addresses if symbol.startswith(f"{plain(a)}.")]
        return max(candidates, key=len, default=symbol)

    def _with_name(self, resource_type: str, argument: str, name: str) -> Iterator[str]:
        for resource in self.all(resource_type):
            if resource.symbolic(argument) == name:
                yield resource.address

    @cached_property
    def _addresses(self) -> list[str]:
        return [change["address"] for change in self._document.get("resource_changes", [])]

    def all(self, resource_type: str) -> list[Resource]:
        """The managed resources of a type."""
        return [r for r in self.resources if r.type == resource_type]

    def data(self, data_type: str) -> list[Resource]:
        """The data sources of a type, read while planning or to be read at apply."""
        return [r for r in self._data if r.type == data_type]

    def one(self, resource_type: str, **values: Any) -> Resource:
        """The single resource of a type with these values.

        Raises Violation when there is none or there are several, and Invalid when there is none
        but for those whose value is not known yet.
        """
        candidates = self.all(resource_type)
        known = [r for r in candidates if all(r.knows(name) for name in values)]
        matching = [r for r in known if all(r.value(n) == v for n, v in values.items())]
        if len(matching) == 1:
            return matching[0]
        wanted = ", ".join(f"{name} = {value}" for name, value in values.items())
        if not matching and len(known) < len(candidates):
            unknown = next(r for r in candidates if r not in known)
            raise Invalid(f"{unknown.where}: whether {wanted} is known only after apply")
        found = ", ".join(r.address for r in matching) or "none"
        raise Violation("plan", f"exactly one {resource_type} with {wanted}", found)

    def at(self, address: str) -> Resource:
        """The first resource of the block at an address. Violation when there is none."""
        for resource in self.resources:
            if address in (resource.address, resource.block):
                return resource
        raise Violation(address, "a planned resource", "none")

    def has(self, block: str) -> bool:
        """Whether the plan makes at least one resource of the block at this address."""
        return any(resource.block == block for resource in self.resources)

    def region_of(self, resource: Resource) -> str:
        """The region that the resource's provider works in."""
        region = self.configuration.provider(resource.block)["expressions"]["region"]
        if "constant_value" in region:
            return str(region["constant_value"])
        name = region["references"][0].removeprefix("var.")
        variables = self._document.get("variables", {})
        if name not in variables:
            raise Invalid(f"{resource.where}: the region of its provider cannot be read")
        return str(variables[name]["value"])

    def places_of_secrets(self) -> list[str]:
        """Where a secret's value stands: `address.attribute`, `output.name` or `var.name`.

        The suite plans with markers in place of secrets, and looks for them.
        """
        changes = self._document.get("resource_changes", [])
        outputs = self._document.get("planned_values", {}).get("outputs", {})
        variables = self._document.get("variables", {})
        places = [
            *((change["address"], change["change"].get("after")) for change in changes),
            *((one.address, dict(one.after)) for one in self._data),
            *((f"output.{name}", value.get("value")) for name, value in outputs.items()),
            *((f"var.{name}", value.get("value")) for name, value in variables.items()),
        ]
        return [found for place, value in places for found in self._marked(place, value)]

    def _marked(self, place: str, value: Any) -> Iterator[str]:
        match value:
            case str() if any(marker in value for marker in self._markers):
                yield place
            case Mapping():
                for key, inner in value.items():
                    yield from self._marked(f"{place}.{key}", inner)
            case list():
                for index, inner in enumerate(value):
                    yield from self._marked(f"{place}[{index}]", inner)


def _state_modules(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield module
    for child in module.get("child_modules", []):
        yield from _state_modules(child)
