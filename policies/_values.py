"""Reading what Checkov makes of an argument.

Checkov hands over every argument as a list of one, an absent value as None or the text "None", and
what it could not evaluate as the text of the expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checkov.common.util.var_utils import is_terraform_variable_dependent
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

REFERENCE = re.compile(r"^(each|self|path|ephemeral)\.|^[a-z]+_\w+\.\w+|^\w+\(")


def value(block: dict[str, Any], argument: str) -> Any:
    """The argument of a resource or of a nested block; None where it is absent."""
    found = block.get(argument)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return None if found in ("None", "null", "", []) else found


def blocks(block: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The nested blocks of that name."""
    found = block.get(name)
    return [b for b in found or [] if isinstance(b, dict)] if isinstance(found, list) else []


def is_unknown(found: Any) -> bool:
    """Whether Checkov could not evaluate the value."""
    return isinstance(found, str) and (
        is_terraform_variable_dependent(found) or bool(REFERENCE.search(found))
    )


def _nodes(check: BaseResourceCheck, conf: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Everything in Checkov's graph, and the position of the resource that is being judged.

    An address is unique within one root module only, and Checkov may look at several.
    """
    nodes = [attributes for _, attributes in check.graph.nodes()]
    file = check.entity_path.partition(":")[0]
    here = next(
        position
        for position, node in enumerate(nodes)
        if node.get("__address__") == conf["__address__"] and node["file_path_"].endswith(file)
    )
    return nodes, here


def written(check: BaseResourceCheck, conf: dict[str, Any]) -> str:
    """The resource as it stands in its file."""
    nodes, here = _nodes(check, conf)
    lines = Path(nodes[here]["file_path_"]).read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[conf["__start_line__"] - 1 : conf["__end_line__"]])


def locals_of(check: BaseResourceCheck, conf: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Name and value of each local that the resource is made of, directly or through others."""
    nodes, start = _nodes(check, conf)
    edges = list(check.graph.edge_list())
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for target in {t for s, t in edges if s == here} - reached:
            if nodes[target]["block_type_"] == "locals":
                reached.add(target)
                waiting.append(target)
                name = nodes[target]["block_name_"]
                yield name, nodes[target][name]


def users_of(check: BaseResourceCheck, conf: dict[str, Any]) -> set[str]:
    """The types of the resources that name this one."""
    nodes, here = _nodes(check, conf)
    edges = check.graph.edge_list()
    return {nodes[source].get("resource_type", "") for source, target in edges if target == here}
