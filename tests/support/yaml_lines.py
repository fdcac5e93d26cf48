"""YAML with the line of every key, for messages that say where.

YAML 1.2 booleans only, as GitHub reads them: `on` is a word. A key given twice is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.support.outcomes import SuiteError

# PyYAML's C parser where it was built, else the one in Python; both make the same nodes.
Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BOOLEAN = "tag:yaml.org,2002:bool"


class Mapping(dict[str, Any]):
    """A mapping that knows its own line and that of each of its keys, counted from 1."""

    line = 1

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        """The line of a key; the mapping's own if it is not there."""
        return self.lines.get(key, self.line)


class Loader(Base):  # type: ignore[misc]
    """Builds Mappings."""


def _build(loader: Any, node: yaml.MappingNode) -> Mapping:
    mapping = Mapping()
    mapping.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node))
        if key in mapping:
            raise yaml.constructor.ConstructorError(
                None, None, f"{key} is given twice", key_node.start_mark
            )
        mapping[key] = loader.construct_object(value_node, deep=True)
        mapping.lines[key] = key_node.start_mark.line + 1
    return mapping


Loader.add_constructor("tag:yaml.org,2002:map", _build)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != BOOLEAN or first in "tTfF"]
    for first, resolvers in Base.yaml_implicit_resolvers.items()
}


def load(path: Path, name: str) -> Any:
    """Read a YAML file; SuiteError names `name`, the line and what cannot be read."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader)
    except OSError as error:
        raise SuiteError(f"{name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SuiteError(f"{name}: not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SuiteError(f"{name}{line}: {getattr(error, 'problem', None) or error}") from error
