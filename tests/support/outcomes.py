"""The outcomes a check can have besides passing."""

from __future__ import annotations

from collections.abc import Iterable


class Violation(AssertionError):
    """The thing looked at is not as required.

    `where` names it; where it is a whole, such as the plan, `offenders` names its parts at fault.
    """

    def __init__(
        self, where: str, expected: str, actual: str, offenders: Iterable[str] = ()
    ) -> None:
        super().__init__(f"{where}: expected {expected}; actual {actual}")
        self.where = where
        self.expected = expected
        self.actual = actual
        self.offenders = tuple(offenders)


class Invalid(Exception):
    """The run could not judge: says why and what to do. Never a pass."""


class NotProvable(Exception):
    """The target cannot represent what is asked; carries the reason."""


class SuiteError(Exception):
    """Bad input or a missing tool: one clear message and no traceback."""
