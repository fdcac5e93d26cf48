"""Paths into nested values as a plan has them, such as `health_check[0].path`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
INDEX = re.compile(r"\[[^\]]*\]")
MISSING = object()
"""What `at` gives for a step that leads nowhere; None is a value."""


def steps(path: str) -> list[str | int]:
    """The steps of a path: names, and numbers for the members of lists."""
    return [int(m[2]) if m[2] else m[1] for m in _STEP.finditer(path)]


def at(value: Any, step: str | int) -> Any:
    """What is one step further into a value, or MISSING."""
    match value, step:
        case Mapping(), str():
            return value.get(step, MISSING)
        case list(), int():
            return value[step] if step < len(value) else MISSING
    return MISSING


def any_true(unknown: Any) -> bool:
    """Whether anything in a part of `after_unknown` is known only after apply."""
    match unknown:
        case bool():
            return unknown
        case Mapping():
            return any(map(any_true, unknown.values()))
        case list():
            return any(map(any_true, unknown))
    return False
