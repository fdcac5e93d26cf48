"""A plan as Terraform's JSON describes it: values, what is unknown, and what refers to what.

Terraform documentation, "JSON Output Format": `resource_changes` holds each resource's values after
the change and which of them are known only after apply; `configuration` holds the expressions. A
value that is not known is never guessed: asking for it raises Invalid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tests.support import arns
from tests.support.outcomes import Invalid, Violation
from tests.support.placeholders.symbols import plain, symbols_in

_INDEX = re.compile(r"\[[^\]]*\]")
_DATA = re.compile(r"data\.[\w-]+\.[\w-]+(\[[^\]]*\])?")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MISSING = object()
_LOOSE = {"each", "count", "path", "self", "terraform"}


@dataclass(frozen=True)
class Resource:
    """One resource of a plan. `where` is file:line (where known) and address."""

    address: str
    where: str
    after: Mapping[str, Any] = field(repr=False)
    unknown: Any = field(repr=False)
    configuration: Configuration = field(repr=False)
    written: Callable[[str, str], Any] = field(repr=False)
    owner: Callable[[str], str] = field(repr=False)
    named: Callable[[Any], Iterable[str]] = field(repr=False)
    within: str = ""

    @property
    def type(self) -> str:
        """The resource's type, such as `aws_lb`."""
        return self.block.split(".")[-2]

    @property
    def name(self) -> str:
        """The resource's name in the configuration."""
        return self.block.split(".")[-1]

    @property
    def key(self) -> str:
        """The index of the instance, such as `["alerts"]` or `[0]`; empty where there is one."""
        return str(_INDEX.findall(self.address)[-1]) if self.address.endswith("]") else ""

    @property
    def block(self) -> str:
        """The address without indexes: what is written once in the configuration."""
        return _INDEX.sub("", self.address)

    def knows(self, path: str) -> bool:
        """Whether the value at `path` is there and known before apply."""
        try:
            self.value(path)
        except Invalid:
            return False
        return True

    def value(self, path: str) -> Any:
        """The value at `path`, such as `health_check[0].path`.

        Raises Invalid where it, or a part of it, is known only after apply, and Violation where a
        block on the way is not there.
        """
        value: Any = self.after
        unknown: Any = self.unknown
        for step in _steps(path):
            unknown = _at(unknown, step)
            if unknown is True:
                raise Invalid(f"{self.where}: {path} is known only after apply")
            value = _at(value, step)
            if value is _MISSING and _any_true(unknown):
                raise Invalid(f"{self.where}: {path} is known only after apply")
            if value is _MISSING and isinstance(step, int):
                raise Violation(self.where, f"{path}", "no such block")
            value = None if value is _MISSING else value
        if _any_true(unknown) or symbols_in(value):
            raise Invalid(f"{self.where}: {path}, or a part of it, is known only after apply")
        return value

    def symbolic(self, path: str) -> Any:
        """The value at `path` with a symbol, such as `⟨aws_lb.main.arn⟩`, for what AWS decides.

        What is unknown and no string is None, as an absent value is.
        """
        return self._look(path)[0]

    def points_to(self, path: str) -> set[str]:
        """The addresses, with indexes, of the resources whose attributes stand at `path`.

        An attribute stands there as a symbol, or inside an ARN written out with a known name.
        """
        value = self.symbolic(path)
        return {self.owner(symbol) for symbol in symbols_in(value)} | set(self.named(value))

    def nested(self, path: str) -> list[Resource]:
        """The nested blocks at `path`, each of which can be asked as the resource can.

        Raises Invalid when not even their number is known.
        """
        value, unknown = self._look(path)
        if unknown is True:
            raise Invalid(f"{self.where}: {path} is known only after apply")
        return [
            replace(
                self,
                after=inner,
                unknown={} if (part := _at(unknown, index)) is _MISSING else part,
                within=f"{self.within}{path}[{index}].",
            )
            for index, inner in enumerate(value or [])
        ]

    def keys(self, path: str) -> set[str]:
        """The keys of a map, whose values need not be known.

        A provider may call a whole map unknown for one value; then the source says the keys.
        """
        value, unknown = self._look(path)
        if unknown is True:
            value = self.written(self.address, self.within + path)
            if not isinstance(value, Mapping) or not all(type(key) is str for key in value):
                raise Invalid(f"{self.where}: {path} is known only after apply")
        return {key for part in (value, unknown) if isinstance(part, Mapping) for key in part}

    def _look(self, path: str) -> tuple[Any, Any]:
        value: Any = self.after
        unknown: Any = self.unknown
        for step in _steps(path):
            value, unknown = _at(value, step), _at(unknown, step)
        return None if value is _MISSING else value, unknown

    def sets(self, path: str) -> bool:
        """Whether the configuration sets the argument at all, to whatever value."""
        return self.configuration.sets(self.block, self.within + path)

    def references(self, path: str) -> set[str]:
        """The addresses, without indexes, of the resources that the expression at `path` names.

        Outputs and inputs of modules are followed to the resource behind them.
        """
        return self.configuration.references(self.block, self.within + path)


@dataclass(frozen=True)
class Configuration:
    """The `configuration` part of a plan. It does not say what a local value refers to."""

    document: Mapping[str, Any] = field(repr=False)

    @cached_property
    def _modules(self) -> dict[str, Mapping[str, Any]]:
        return dict(_modules("", self.document["root_module"]))

    @cached_property
    def _calls(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """For each module's path: the path of its parent and the call."""
        return {
            f"{parent}module.{name}.": (parent, call)
            for parent, module in self._modules.items()
            for name, call in module.get("module_calls", {}).items()
        }

    @cached_property
    def _resources(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        return {
            path + resource["address"]: (path, resource)
            for path, module in self._modules.items()
            for resource in module.get("resources", [])
        }

    def references(self, block: str, path: str) -> set[str]:
        """As `Resource.references`, for the block at that address."""
        if block not in self._resources:
            return set()
        module, resource = self._resources[block]
        expression = self._expression(block, path)
        return set(self._resolve(module, expression, resource.get("for_each_expression", {})))

    def sets(self, block: str, path: str) -> bool:
        """As `Resource.sets`, for the block at that address."""
        return block in self._resources and self._expression(block, path) is not None

    def _expression(self, block: str, path: str) -> Any:
        """The expression at a path, or the nearest one around it; None when there is none."""
        expression: Any = self._resources[block][1].get("expressions", {})
        for step in _steps(path):
            found = _at(expression, step)
            # A nested block that can occur once is written without a list around it.
            if found is _MISSING and step == 0:
                continue
            if found is _MISSING:
                return None
            expression = found
            if isinstance(expression, Mapping) and "references" in expression:
                break
        return expression

    def provider(self, block: str) -> Mapping[str, Any]:
        """The configuration of the provider that makes the resource."""
        _, resource = self._resources[block]
        key = resource["provider_config_key"].rpartition(":")[2]
        found: Mapping[str, Any] = self.document["provider_config"][key]
        return found

    def _resolve(self, module: str, expression: Any, loops: Any) -> Iterator[str]:
        for reference in _named(expression):
            yield from self._follow(module, reference, loops)

    def _follow(self, module: str, reference: str, loops: Any) -> Iterator[str]:
        first, *rest = _INDEX.sub("", reference).split(".")
        if first == "var":
            parent, call = self._calls.get(module, ("", {}))
            yield from self._resolve(parent, call.get("expressions", {}).get(rest[0]), {})
        elif first == "module" and len(rest) > 1:
            child = f"{module}module.{rest[0]}."
            output = self._modules[child].get("outputs", {}).get(rest[1], {})
            yield from self._resolve(child, output.get("expression"), {})
        elif first == "local":
            yield reference
        elif first == "each" and rest[:1] == ["value"]:
            yield from self._resolve(module, loops, {})
        elif first == "data" and len(rest) > 1:
            named = _DATA.match(reference)
            yield module + (named[0] if named else f"data.{rest[0]}.{rest[1]}")
        elif first not in _LOOSE | {"module", "data"} and rest:
            yield f"{module}{first}.{rest[0]}"


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


def _modules(path: str, module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, module
    for name, call in module.get("module_calls", {}).items():
        yield from _modules(f"{path}module.{name}.", call.get("module", {}))


def _state_modules(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield module
    for child in module.get("child_modules", []):
        yield from _state_modules(child)


def _named(expression: Any) -> list[str]:
    """The references anywhere in an expression, without those that only shorten another."""
    match expression:
        case {"references": list() as references}:
            return [r for r in references if not any(_shortens(r, other) for other in references)]
        case Mapping():
            return [name for inner in expression.values() for name in _named(inner)]
        case list():
            return [name for inner in expression for name in _named(inner)]
    return []


def _shortens(reference: str, other: str) -> bool:
    return other.startswith((f"{reference}.", f"{reference}["))


def _steps(path: str) -> list[str | int]:
    return [int(m[2]) if m[2] else m[1] for m in _STEP.finditer(path)]


def _at(value: Any, step: str | int) -> Any:
    match value, step:
        case Mapping(), str():
            return value.get(step, _MISSING)
        case list(), int():
            return value[step] if step < len(value) else _MISSING
    return _MISSING


def _any_true(unknown: Any) -> bool:
    match unknown:
        case bool():
            return unknown
        case Mapping():
            return any(map(_any_true, unknown.values()))
        case list():
            return any(map(_any_true, unknown))
    return False
