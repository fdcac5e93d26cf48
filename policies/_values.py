"""Reading what Checkov makes of an argument.

Checkov hands over every argument as a list of one, an absent value as None or the text "None", and
what it could not evaluate as the text of the expression.
"""

from __future__ import annotations

import re
from typing import Any

from checkov.common.util.var_utils import is_terraform_variable_dependent

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
