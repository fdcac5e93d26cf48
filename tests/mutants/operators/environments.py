"""One environment's variables only."""

from __future__ import annotations

from collections.abc import Iterator

from tests.mutants.operators.registry import Change, operator, replaced, scaled
from tests.mutants.places import Stack

PATTERN = "*.tfvars"


@operator("environment-value", "configuration data")
def value(stack: Stack) -> Iterator[Change]:
    """An environment has the value of its neighbour."""
    names = sorted(stack.environments)
    for name in names:
        for other in [(names * 2)[names.index(name) + 1]] if len(names) > 1 else []:
            theirs = {s.name: s.text for s in stack.of_environment(other, PATTERN)}
            for place in stack.of_environment(name, PATTERN):
                if place.name in theirs:
                    for change in replaced(stack, place, theirs[place.name], f"of {other}"):
                        yield Change(place, change.edits, change.what, change.variant, (name,))


@operator("environment-scaled", "configuration data")
def larger(stack: Stack) -> Iterator[Change]:
    """An environment has ten times as much, or none; a switch is the other way round."""
    for name in sorted(stack.environments):
        for place in stack.of_environment(name, PATTERN):
            texts = {}
            if place.text.isdecimal():
                texts = {"x10": scaled(place.text, 10), "zero": "0"}
            elif isinstance(place.value, bool):
                texts = {"flipped": "false" if place.value else "true"}
            elif place.value is None:
                texts = {"given": '"arn:aws:ce::123456789012:anomalymonitor/other"'}
            for variant, text in texts.items():
                for change in replaced(stack, place, text, variant):
                    yield Change(place, change.edits, change.what, variant, (name,))
