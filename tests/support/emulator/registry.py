"""Where the emulator keeps what it adds to moto: gaps, their handlers and their state.

A `Gap` names something that moto lacks or reads back wrongly. A handler answers one AWS operation
on behalf of a gap. It receives the parsed request, may ask the next layer (`Call.proceed`, in the
end moto itself) for its answer, and returns the answer as a dictionary in the shape botocore
documents. Handlers speak the service's public API; the few that must reach into moto's models
import them inside the function, which is what a new version of moto may break.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
Handler = Callable[["Call"], Document | None]
Command = Callable[["State", str, Any], None]
# Keyed by name, ARN or a tuple of what identifies the thing.
Table = dict[Any, Any]


class AwsError(Exception):
    """An error answer of an AWS operation.

    `code` is the wire code that clients compare with (for query services that is the model's error
    code, not the shape name) and `status` the HTTP status. Only statuses below 500 are used, since
    the Terraform provider retries the others for minutes.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Forwarded(Exception):
    """moto answered with an error; it is passed to the client unchanged."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        super().__init__(f"moto answered {status}: {body[:200]!r}")
        self.status = status
        self.headers = headers
        self.body = body


@dataclass(frozen=True)
class Gap:
    """Something moto 5.2.5 lacks. `missing` says what; the selftest shows that it still does."""

    service: str
    name: str
    missing: str
    operations: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """`<service>/<name>`, unique among the gaps."""
        return f"{self.service}/{self.name}"

    def fills(self, *operations: str) -> Callable[[Handler], Handler]:
        """Register the decorated handler for operations of this gap's service.

        Handlers of the same operation form a chain, the one registered last outermost.
        """

        def register(handler: Handler) -> Handler:
            for operation in operations:
                HANDLERS.setdefault((self.service, operation), []).append((self.id, handler))
                self.operations.append(operation)
            return handler

        return register


GAPS: dict[str, Gap] = {}
# By service and operation: the chain of handlers, each with the id of its gap.
HANDLERS: dict[tuple[str, str], list[tuple[str, Handler]]] = {}


def declare(service: str, name: str, missing: str) -> Gap:
    """Record a gap; `service` is botocore's service name. Raises ValueError on a duplicate."""
    gap = Gap(service, name, missing)
    if gap.id in GAPS:
        raise ValueError(f"gap {gap.id} is declared twice")
    GAPS[gap.id] = gap
    return gap


# What is told to the emulator itself, by the last part of its path: what happens in a region behind
# the control plane. Each takes the state, the region's name and the JSON document that it was sent.
COMMANDS: dict[str, Command] = {}


def command(name: str) -> Callable[[Command], Command]:
    """Register the decorated function as what happens to a command of that name."""

    def register(function: Command) -> Command:
        if name in COMMANDS:
            raise ValueError(f"command {name} is there twice")
        COMMANDS[name] = function
        return function

    return register


class State:
    """What the handlers remember, as named tables per service and region."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str, str], Table] = {}

    def table(self, service: str, region: str, name: str) -> Table:
        """The table of that name, created empty when first asked for."""
        return self._tables.setdefault((service, region, name), {})

    def clear(self) -> None:
        """Forget everything, as moto's own reset does."""
        self._tables.clear()


@dataclass(frozen=True)
class Call:
    """One request as a handler sees it; `params` is the parsed input of the operation."""

    service: str
    operation: str
    region: str
    account_id: str
    params: Document
    state: State
    ask: Callable[[str, str, str, Document], Document]
    proceed_with: Callable[[Document | None], Document]

    def proceed(self, params: Document | None = None) -> Document:
        """The next layer's answer, to the request as it came or with other parameters.

        Raises `Forwarded` when that answer is an error.
        """
        return self.proceed_with(params)

    def emulator(
        self,
        operation: str,
        params: Document,
        service: str | None = None,
        region: str | None = None,
    ) -> Document:
        """The emulator's answer to another operation, of this service and region by default.

        Gap handlers take part in it. Raises `Forwarded` when moto's answer is an error.
        """
        return self.ask(service or self.service, operation, region or self.region, params)

    def table(self, name: str) -> Table:
        """This service's table of that name in this region."""
        return self.state.table(self.service, self.region, name)

    def arn(self, resource: str, service: str | None = None, region: str | None = None) -> str:
        """The ARN of a resource of this account."""
        place = self.region if region is None else region
        return f"arn:aws:{service or self.service}:{place}:{self.account_id}:{resource}"
