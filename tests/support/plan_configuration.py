"""What a plan's configuration says: which expression refers to which resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.support.plan_paths import INDEX, MISSING, at, steps

_DATA = re.compile(r"data\.[\w-]+\.[\w-]+(\[[^\]]*\])?")
_LOOSE = {"each", "count", "path", "self", "terraform"}


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
        for step in steps(path):
            found = at(expression, step)
            # A nested block that can occur once is written without a list around it.
            if found is MISSING and step == 0:
                continue
            if found is MISSING:
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
        first, *rest = INDEX.sub("", reference).split(".")
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


def _modules(path: str, module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, module
    for name, call in module.get("module_calls", {}).items():
        yield from _modules(f"{path}module.{name}.", call.get("module", {}))


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
