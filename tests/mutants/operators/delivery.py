"""Health checks, versions, states, and what the order of creation depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutants.mutant import Edit
from tests.mutants.operators.registry import Change, cut, operator, replaced
from tests.mutants.places import Setting, Stack

VERSIONS = ("engine_version", "required_version", "version", "family", "runtime")
HEALTH = {
    "path": '"/"',
    "port": '"8080"',
    "matcher": '"200-499"',
    "enabled": "false",
    "protocol": '"TCP"',
    "timeout": "29",
    "interval": "300",
    "healthy_threshold": "10",
    "unhealthy_threshold": "10",
    "retries": "10",
    "startPeriod": "0",
}
WORDS = re.compile(r'\b(?:aws_|data\.|module\.)[\w.]+(?:\["[^"]*"\])?')


@operator("health-check", "configuration data")
def health_check(stack: Stack) -> Iterator[Change]:
    """A health check asks elsewhere, takes any answer or hardly ever asks."""
    for place in stack.settings:
        inside = place.within[-1:] in (("health_check",), ("healthCheck",))
        if place.kind == "resource" and inside and place.name in HEALTH:
            yield from replaced(stack, place, HEALTH[place.name])
        elif place.name == "command" and inside:
            yield from replaced(stack, place, '["CMD-SHELL", "true"]')
            yield from replaced(stack, place, place.text.replace("/api/health", "/"), "path")


@operator("wrong-port", "configuration data")
def wrong_port(stack: Stack) -> Iterator[Change]:
    """Something listens, or is asked, on another port."""
    names = ("port", "app_port", "containerPort", "hostPort", "container_port", "https_port")
    for place in stack.settings:
        if place.kind in ("resource", "locals") and place.name in names:
            other = "health_check" in place.within or place.text.startswith('"t')
            quoted = place.text.startswith('"')
            if not other:
                yield from replaced(stack, place, '"8444"' if quoted else "8444")


@operator("unpin-version", "configuration data")
def unpin(stack: Stack) -> Iterator[Change]:
    """Any version will do."""
    for place in stack.settings:
        if place.name in VERSIONS and place.kind == "terraform":
            yield from replaced(stack, place, '">= 1.0"')
        elif place.name == "engine_version" and place.kind == "resource":
            yield from cut(stack, place)


@operator("change-version", "configuration data")
def change_version(stack: Stack) -> Iterator[Change]:
    """An older, or a withdrawn, version is asked for."""
    older = {"15.12": "14.3", "7.0": "5.0.6", "python3.13": "python3.9"}
    for place in stack.settings:
        if isinstance(place.value, str) and place.value in older:
            yield from replaced(stack, place, f'"{older[place.value]}"')


@operator("share-state", "configuration data")
def share_state(stack: Stack) -> Iterator[Change]:
    """An environment keeps its state where another keeps its own, or unlocked, or in the clear."""
    pattern = "*.s3.tfbackend"
    names = sorted(stack.environments)
    for name, other in zip(names, [*names[1:], *names[:1]], strict=True):
        theirs = {s.name: s for s in stack.of_environment(other, pattern)}
        for place in stack.of_environment(name, pattern):
            wrong = "false" if place.value is True else theirs.get(place.name, place).text
            for change in replaced(stack, place, wrong):
                yield Change(place, change.edits, change.what, environments=(name,))


@operator("fix-state-key", "configuration data")
def fix_key(stack: Stack) -> Iterator[Change]:
    """Every environment has its state under one key."""
    for block in stack.blocks:
        if block.kind == "terraform" and block.path.startswith("backend.") and block.labels:
            edit = Edit(
                stack.relative(block.document),
                block.start,
                block.end,
                f'backend "{block.labels[0]}" {{\n    key = "terraform.tfstate"\n  }}',
            )
            yield Change(block, (edit,), "backend: a key for all environments")


@operator("drop-dependency", "dependency")
def drop_dependency(stack: Stack) -> Iterator[Change]:
    """Something no longer waits for what it needs."""
    for place in stack.settings:
        if place.name == "depends_on":
            for n, name in enumerate(names := WORDS.findall(place.text)):
                left = ", ".join(one for one in names if one != name)
                yield from replaced(stack, place, f"[{left}]", str(n))


@operator("drop-ignored-change", "idempotency")
def drop_ignored(stack: Stack) -> Iterator[Change]:
    """A value that somebody else changes is planned back."""
    for place in stack.settings:
        if place.name == "ignore_changes":
            names = [n for n in re.split(r"[\s,\[\]]+", place.text) if n]
            for n, name in enumerate(names):
                left = ", ".join(one for one in names if one != name)
                yield from replaced(stack, place, f"[{left}]", str(n))


@operator("drop-lifecycle", "idempotency")
def drop_lifecycle(stack: Stack) -> Iterator[Change]:
    """A replacement is made after what it replaces is gone, or what was kept is removed."""
    for place in stack.settings:
        switch = place.name in ("create_before_destroy", "skip_destroy", "prevent_destroy")
        if switch and place.value is True:
            yield from replaced(stack, place, "false")


@operator("fix-name", "idempotency")
def fix_name(stack: Stack) -> Iterator[Change]:
    """A name that had to be new each time is always the same."""
    for place in stack.settings:
        if place.name == "final_snapshot_identifier":
            yield from replaced(stack, place, '"mantisnxt-final-snapshot"')
        elif place.name == "triggers_replace":
            yield from _without_each(stack, place)


def _without_each(stack: Stack, place: Setting) -> Iterator[Change]:
    items = [one.strip() for one in place.text.strip("[]").split(",")]
    for n, item in enumerate(items):
        left = ", ".join(one for one in items if one != item)
        yield from replaced(stack, place, f"[{left}]", str(n))
