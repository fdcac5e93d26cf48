"""The secrets that a task definition names."""

from __future__ import annotations

_ARN_PARTS = 7


def secret_arn(reference: str) -> str:
    """The secret's own ARN in a `valueFrom`, which may go on with a JSON key and a version."""
    return ":".join(reference.split(":")[:_ARN_PARTS])
