"""One resource of a plan: its values, what of them is unknown, and what it points to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.outcomes import Invalid, Violation
from tests.support.placeholders.symbols import symbols_in
from tests.support.plan_configuration import Configuration
from tests.support.plan_paths import INDEX, MISSING, any_true, at, steps


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
        return str(INDEX.findall(self.address)[-1]) if self.address.endswith("]") else ""

    @property
    def block(self) -> str:
        """The address without indexes: what is written once in the configuration."""
        return INDEX.sub("", self.address)

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
        for step in steps(path):
            unknown = at(unknown, step)
            if unknown is True:
                raise Invalid(f"{self.where}: {path} is known only after apply")
            value = at(value, step)
            if value is MISSING and any_true(unknown):
                raise Invalid(f"{self.where}: {path} is known only after apply")
            if value is MISSING and isinstance(step, int):
                raise Violation(self.where, f"{path}", "no such block")
            value = None if value is MISSING else value
        if any_true(unknown) or symbols_in(value):
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
                unknown={} if (part := at(unknown, index)) is MISSING else part,
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
        for step in steps(path):
            value, unknown = at(value, step), at(unknown, step)
        return None if value is MISSING else value, unknown

    def sets(self, path: str) -> bool:
        """Whether the configuration sets the argument at all, to whatever value."""
        return self.configuration.sets(self.block, self.within + path)

    def references(self, path: str) -> set[str]:
        """The addresses, without indexes, of the resources that the expression at `path` names.

        Outputs and inputs of modules are followed to the resource behind them.
        """
        return self.configuration.references(self.block, self.within + path)
