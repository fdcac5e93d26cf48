"""The outcomes a check can have besides passing."""

from __future__ import annotations


class Violation(AssertionError):
    """The thing looked at is not as required."""

    def __init__(self, where: str, expected: str, actual: str) -> None:
        super().__init__(f"{where}: expected {expected}; actual {actual}")
        self.where = where
        self.expected = expected
        self.actual = actual


class Invalid(Exception):
    """The run could not judge: says why and what to do. Never a pass."""


class NotProvable(Exception):
    """The target cannot represent what is asked; carries the reason."""


class SuiteError(Exception):
    """Bad input or a missing tool: one clear message and no traceback."""
