"""Tags of resources whose tags moto does not keep."""

from __future__ import annotations

from tests.support.emulator.registry import Call, Document

Tags = dict[str, str]


def of(call: Call, resource: str) -> Tags:
    """The tags of a resource, by its ARN or id; changing the result changes them."""
    tags: Tags = call.table("tags").setdefault(resource, {})
    return tags


def from_list(pairs: list[Document] | None, key: str = "Key", value: str = "Value") -> Tags:
    """`[{"Key": k, "Value": v}]` as a dictionary."""
    return {pair[key]: pair.get(value, "") for pair in pairs or []}


def to_list(tags: Tags, key: str = "Key", value: str = "Value") -> list[Document]:
    """A dictionary as `[{"Key": k, "Value": v}]`."""
    return [{key: name, value: content} for name, content in tags.items()]
