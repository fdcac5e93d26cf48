"""Mistakes made in a deployed environment, by the same API that the deployed tier reads."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]
import yaml
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape
from pydantic import BaseModel, ConfigDict, Field

PATH = Path(__file__).with_name("deployed_mistakes.yaml")
_REFERENCE = re.compile(r"\{([a-z][a-z0-9-]*)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lookup(_Strict):
    """Something deployed: `path` (JMESPath) picks it from an operation's answer."""

    service: str
    operation: str
    path: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    region: str | None = None


class Call(_Strict):
    """One operation that changes what is deployed.

    `start` names a lookup whose answer the arguments begin as, without what the operation does not
    take. `arguments` then sets values by dotted paths, in which a member of a list is given by its
    index or as `key=value`, and takes away what is null. `rewrite` replaces one text with another
    in an argument that is a text, such as a policy. `{name}` in a text stands for a lookup; what
    the operation takes as a text, again such as a policy, can be given as data.
    """

    service: str
    operation: str
    start: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    rewrite: dict[str, dict[str, str]] = Field(default_factory=dict)
    region: str | None = None


class Mistake(_Strict):
    """One mistake, after which `requirement` must fail with a message that matches `says`.

    `also` are other requirements that are no longer met either. Mistakes of one `batch` are made
    together; one that would hide another belongs to another batch.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    requirement: str
    says: str = Field(min_length=4)
    calls: tuple[Call, ...] = Field(min_length=1)
    also: tuple[str, ...] = ()
    batch: int = 1


class Mistakes(_Strict):
    """The whole of deployed_mistakes.yaml."""

    lookups: dict[str, Lookup]
    mistakes: tuple[Mistake, ...]

    def of(self, batch: int) -> tuple[Mistake, ...]:
        """The mistakes that are made together."""
        return tuple(one for one in self.mistakes if one.batch == batch)


def load() -> Mistakes:
    """Every mistake, and what they refer to."""
    return Mistakes.model_validate(yaml.safe_load(PATH.read_text(encoding="utf-8")))


class Account:
    """A deployed environment in which mistakes can be made; `session` reaches it."""

    def __init__(self, session: Any, lookups: dict[str, Lookup]) -> None:
        self._session = session
        self._lookups = lookups

    def make(self, mistakes: Iterable[Mistake]) -> None:
        """Make the mistakes in their order; AssertionError names one that could not be made."""
        for mistake in mistakes:
            for call in mistake.calls:
                try:
                    self._call(call)
                except Exception as error:
                    raise AssertionError(f"{mistake.id}: {call.operation}: {error}") from error

    def _call(self, call: Call) -> None:
        client = self._session.client(call.service, region_name=call.region)
        start = self._found(call.start) if call.start else {}
        arguments = _accepted(start, _input(client, call.operation))
        for path, value in call.arguments.items():
            _put(arguments, path.split("."), self._resolved(value))
        for name, texts in call.rewrite.items():
            for old, new in texts.items():
                assert old in arguments[name], f"{name} has no {old}"
                arguments[name] = arguments[name].replace(old, new)
        getattr(client, call.operation)(**_written(arguments, _input(client, call.operation)))

    def _found(self, name: str) -> Any:
        """What a lookup finds now; AssertionError when that is nothing."""
        lookup = self._lookups[name]
        client = self._session.client(lookup.service, region_name=lookup.region)
        answer = getattr(client, lookup.operation)(**self._resolved(lookup.arguments))
        value = jmespath.search(lookup.path, answer)
        assert value, f"{name}: nothing found"
        return value

    def _resolved(self, value: Any) -> Any:
        match value:
            case dict():
                return {key: self._resolved(inner) for key, inner in value.items()}
            case list():
                return [self._resolved(inner) for inner in value]
            case str():
                if whole := _REFERENCE.fullmatch(value):
                    return self._found(whole[1])
                return _REFERENCE.sub(lambda one: str(self._found(one[1])), value)
        return value


def _input(client: Any, operation: str) -> Shape:
    """What an operation, by its name in boto3, takes."""
    model = client.meta.service_model
    (name,) = [one for one in model.operation_names if xform_name(one) == operation]
    return model.operation_model(name).input_shape


def _accepted(value: Any, shape: Shape) -> Any:
    """A copy of an answer without the members that the shape does not have."""
    match value, shape:
        case dict(), StructureShape():
            members = shape.members
            return {k: _accepted(v, members[k]) for k, v in value.items() if k in members}
        case dict(), MapShape():
            return {k: _accepted(v, shape.value) for k, v in value.items()}
        case list(), ListShape():
            return [_accepted(one, shape.member) for one in value]
    return copy.deepcopy(value)


def _written(arguments: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The arguments, with data as JSON where the operation takes a text."""
    texts = {name for name, member in shape.members.items() if member.type_name == "string"}
    return {
        name: json.dumps(value) if name in texts and isinstance(value, dict) else value
        for name, value in arguments.items()
    }


def _put(place: Any, path: list[str], value: Any) -> None:
    """Set a value in nested data, or take it away where it is None."""
    *way, last = path
    for step in way:
        if isinstance(place, dict):
            place = place.setdefault(step, {})
        else:
            place = place[_index(place, step)]
    key: Any = last if isinstance(place, dict) else _index(place, last)
    if value is not None:
        place[key] = value
    elif isinstance(place, list) or key in place:
        del place[key]


def _index(items: list[Any], step: str) -> int:
    """Where in a list: an index, or the one item whose `key` is `value`."""
    if step.isdecimal():
        return int(step)
    key, _, value = step.partition("=")
    (found,) = [i for i, item in enumerate(items) if item[key] == value]
    return found
