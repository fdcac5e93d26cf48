"""Reading what Checkov makes of an argument.

Checkov hands over every argument as a list of one, an absent value as None or the text "None", and
what it could not evaluate as the text of the expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from checkov.common.models.enums import CheckResult
from checkov.common.util.var_utils import is_terraform_variable_dependent
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

REFERENCE = re.compile(r"^(each|self|path|ephemeral)\.|^[a-z]+_\w+\.\w+|^\w+\(")
NAMED = re.compile(r"\b(var|local)\.([\w-]+)")
UNDECIDED = "var.undecided"
LOCAL = re.compile(r"\blocal\.([\w-]+)")
DATA_SOURCE = re.compile(r"\bdata\.(\w+\.[\w-]+)")


def value(block: dict[str, Any], argument: str) -> Any:
    """The argument of a resource or of a nested block; None where it is absent."""
    found = block.get(argument)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return None if found in ("None", "null", "", []) else found


def settled(block: dict[str, Any], argument: str) -> Any:
    """Like `value`, but unknown where Checkov made the text "None" of a conditional.

    Such an argument may be null or may not; one that is null in the file is None.
    """
    return UNDECIDED if block.get(argument) in (["None"], "None") else value(block, argument)


def blocks(block: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The nested blocks of that name."""
    found = block.get(name)
    return [b for b in found or [] if isinstance(b, dict)] if isinstance(found, list) else []


def readings(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics that an alarm reads: its own, or each of its queries'."""
    queried = [m for query in blocks(alarm, "metric_query") for m in blocks(query, "metric")]
    return queried or [alarm]


def is_unknown(found: Any) -> bool:
    """Whether Checkov could not evaluate the value."""
    return isinstance(found, str) and (
        is_terraform_variable_dependent(found) or bool(REFERENCE.search(found))
    )


def number(found: Any) -> float | None:
    """The value as a number, also where it is written as text; None where it is none."""
    try:
        return None if isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        return None


def at_least(found: Any, minimum: float) -> CheckResult:
    """Whether a number is the minimum or more; one that is not given fails.

    Checkov's own comparison in YAML takes what it could not evaluate for text, and passes it.
    """
    if found is None:
        return CheckResult.FAILED
    given = number(found)
    if given is None:
        return CheckResult.UNKNOWN
    return CheckResult.PASSED if given >= minimum else CheckResult.FAILED


def flag(found: Any) -> CheckResult:
    """Whether a flag is set; one that is not given fails."""
    if is_unknown(found):
        return CheckResult.UNKNOWN
    return CheckResult.PASSED if is_true(found) else CheckResult.FAILED


def best(results: Iterable[CheckResult]) -> CheckResult:
    """The best of several verdicts: passed before unknown before failed; failed of none."""
    found = set(results)
    for verdict in (CheckResult.PASSED, CheckResult.UNKNOWN):
        if verdict in found:
            return verdict
    return CheckResult.FAILED


def is_true(found: Any) -> bool:
    """Whether a flag is set, also where it is written as text."""
    return str(found).lower() == "true"


def worst(results: Iterable[CheckResult]) -> CheckResult:
    """The worst of several verdicts: failed before unknown before passed; passed of none."""
    found = set(results)
    for verdict in (CheckResult.FAILED, CheckResult.UNKNOWN):
        if verdict in found:
            return verdict
    return CheckResult.PASSED


def ignores(conf: dict[str, Any], argument: str) -> bool:
    """Whether Terraform leaves changes of the argument alone."""
    ignored = [value(block, "ignore_changes") for block in blocks(conf, "lifecycle")]
    names = [name for each in ignored for name in (each if isinstance(each, list) else [each])]
    return argument in names or "all" in names


@cache
def _graph(graph: Any) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    """Everything in Checkov's graph, and what names what, by position; read once for a run."""
    return [attributes for _, attributes in graph.nodes()], list(graph.edge_list())


@cache
def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def _nodes(check: BaseResourceCheck, conf: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Everything in Checkov's graph, and the position of the resource that is being judged.

    An address is unique within one root module only, and Checkov may look at several.
    """
    nodes, _ = _graph(check.graph)
    file = conf.get("file_path_") or check.entity_path.partition(":")[0]
    here = next(
        position
        for position, node in enumerate(nodes)
        if node.get("__address__") == conf["__address__"]
        and node["block_type_"] == conf.get("block_type_", "resource")
        and node["file_path_"].endswith(file)
    )
    return nodes, here


def written(check: BaseResourceCheck, conf: dict[str, Any]) -> str:
    """The resource as it stands in its file."""
    nodes, here = _nodes(check, conf)
    lines = _lines(nodes[here]["file_path_"])
    return "\n".join(lines[conf["__start_line__"] - 1 : conf["__end_line__"]])


def is_reference(check: BaseResourceCheck, conf: dict[str, Any], argument: str) -> bool:
    """Whether an argument is a reference as a whole, at least once, as it stands in its file.

    A variable without a value is to Checkov an empty list where lists are taken.
    """
    given = rf"^\s*{argument}\s*=\s*(var|local|module|data|each)\b"
    return bool(re.search(given, written(check, conf), re.MULTILINE))


def known(check: BaseResourceCheck, conf: dict[str, Any], argument: str) -> Any:
    """Like `settled`, for a resource's own argument, and unknown where it rests on the unknown.

    Checkov takes a comparison with a variable without a value for one of texts, and hands over the
    branch that it leads to as if it were known.
    """
    found = settled(conf, argument)
    if argument not in conf or is_unknown(found) or not _rests_on_unknown(check, conf, argument):
        return found
    return UNDECIDED


def _rests_on_unknown(check: BaseResourceCheck, conf: dict[str, Any], argument: str) -> bool:
    """Whether the argument is made of a variable without a value, directly or through locals."""
    given = re.search(rf"^\s*{argument}\s*=(.*)$", written(check, conf), re.MULTILINE)
    named = set(NAMED.findall(given[1])) if given else set()
    nodes, start = _nodes(check, conf)
    _, edges = _graph(check.graph)
    waiting = [t for s, t in edges if s == start and _name(nodes[t]) in named]
    reached = set(waiting)
    while waiting:
        here = waiting.pop()
        if nodes[here]["block_type_"] == "variable" and "default" not in nodes[here]:
            return True
        if nodes[here]["block_type_"] in ("locals", "variable"):
            further = {t for s, t in edges if s == here} - reached
            reached |= further
            waiting += further
    return False


def _name(node: dict[str, Any]) -> tuple[str, str]:
    kind = {"variable": "var", "locals": "local"}.get(node["block_type_"], "")
    return kind, node["block_name_"]


def locals_of(check: BaseResourceCheck, conf: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Name and value of each local that the resource is made of, directly or through others."""
    nodes, start = _nodes(check, conf)
    _, edges = _graph(check.graph)
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for target in {t for s, t in edges if s == here} - reached:
            if nodes[target]["block_type_"] == "locals":
                reached.add(target)
                waiting.append(target)
                name = nodes[target]["block_name_"]
                yield name, nodes[target][name]


def users_of(check: BaseResourceCheck, conf: dict[str, Any]) -> list[dict[str, Any]]:
    """What names the resource, as Checkov's graph has it: resources, data sources, outputs."""
    nodes, here = _nodes(check, conf)
    return [nodes[s] for s in {s for s, t in _graph(check.graph)[1] if t == here}]


def named_by(check: BaseResourceCheck, conf: dict[str, Any]) -> list[dict[str, Any]]:
    """What the resource names: the other end of `users_of`."""
    nodes, here = _nodes(check, conf)
    return [nodes[t] for t in {t for s, t in _graph(check.graph)[1] if s == here}]


def arguments(node: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a resource or data source of the graph, in the form that checks are given.

    They say where they are, so that `named_by` and `users_of` take them as well.
    """
    [named] = node["config_"].values()
    [found] = named.values()
    return {**found, **{key: node[key] for key in ("__address__", "block_type_", "file_path_")}}


def _beside(
    check: BaseResourceCheck, conf: dict[str, Any], kind: str, names: Iterable[str]
) -> list[dict[str, Any]]:
    """The blocks of these names in the resource's module, with all instances.

    By name and not by the graph's edges, which a reference with a key does not have.
    """
    nodes, here = _nodes(check, conf)
    module, wanted = Path(nodes[here]["file_path_"]).parent, set(names)
    return [
        node
        for node in nodes
        if node["block_type_"] == kind
        and node["block_name_"].partition("[")[0] in wanted
        and Path(node["file_path_"]).parent == module
    ]


def data_sources(check: BaseResourceCheck, conf: dict[str, Any], text: Any) -> list[dict[str, Any]]:
    """The arguments of the data sources that a text of the resource names."""
    names = DATA_SOURCE.findall(str(text))
    return [arguments(node) for node in _beside(check, conf, "data", names)]


def locals_in(check: BaseResourceCheck, conf: dict[str, Any], text: Any) -> list[str]:
    """What Checkov makes of the locals that a text of the resource names."""
    names = LOCAL.findall(str(text))
    return [str(node[node["block_name_"]]) for node in _beside(check, conf, "locals", names)]


def regions(check: BaseResourceCheck, conf: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The region of the resource, and of each that it names, by address.

    It is the resource's own, which provider 6 has, or its provider's. One that is not known is
    `var.` and the provider's address: the same text is the same region all the same.
    """
    nodes, here = _nodes(check, conf)
    module = Path(nodes[here]["file_path_"]).parent
    told = {
        node["__address__"]: node.get("region")
        for node in nodes
        if node["block_type_"] == "provider" and Path(node["file_path_"]).parent == module
    }

    def of(node: dict[str, Any]) -> str:
        provider = node.get("__provider_address__") or "aws.default"
        return str(node.get("region") or told.get(provider) or f"var.{provider}")

    return of(nodes[here]), {node["block_name_"]: of(node) for node in named_by(check, conf)}
