"""What is kept, for how long, and when it is taken or maintained."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutants.operators.registry import Change, cut, operator, replaced
from tests.mutants.places import Block, Setting, Stack

SHORTER = {
    "retention_in_days": "1",
    "backup_retention_period": "1",
    "snapshot_retention_limit": "0",
    "delete_after": "1",
    "expire_after_days": "1",
    "archive_after_days": "1",
    "deletion_window_in_days": "7",
    "recovery_window_in_days": "0",
    "noncurrent_days": "1",
    "countNumber": "1",
    "performance_insights_retention_period": "0",
    "monitoring_interval": "0",
}
LOGS = ("enabled_cloudwatch_logs_exports", "log_destination_configs", "logConfiguration",
        "cloud_watch_logs_group_arn")  # fmt: skip
LOG_BLOCKS = ("access_logs", "logging_config", "log_delivery_configuration", "redacted_fields")
WINDOWS = re.compile(r'"((mon|tue|wed|thu|fri|sat|sun):)?\d\d:\d\d-')
DAILY = re.compile(r'"\d\d:\d\d-\d\d:\d\d"')
CRON = re.compile(r'"cron\((\d+) (\d+) ')


@operator("shorten-retention", "configuration data")
def shorten(stack: Stack) -> Iterator[Change]:
    """Logs, backups or what can be restored is kept a day, or not at all."""
    for place in stack.settings:
        known = next((v for k, v in SHORTER.items() if place.name.endswith(k)), None)
        if known and place.kind in ("resource", "module", "locals"):
            yield from replaced(stack, place, known)


@operator("remove-log-export", "configuration data")
def remove_log(stack: Stack) -> Iterator[Change]:
    """A log goes nowhere."""
    for place in stack.settings:
        if place.name in LOGS and place.kind == "resource":
            yield from cut(stack, place)
            if place.text.startswith('["'):
                yield from replaced(stack, place, "[]", "empty")
    for block in stack.blocks:
        if block.kind == "resource" and (
            block.name in LOG_BLOCKS or (block.outermost and _logs(block))
        ):
            yield from cut(stack, block)


@operator("less-logging", "configuration data")
def less_logging(stack: Stack) -> Iterator[Change]:
    """A log holds less, or more, than it should."""
    other = {"traffic_type": '"REJECT"', "log_format": '"text"', "log_type": '"engine-log"'}
    for place in stack.settings:
        if place.name in other and place.kind == "resource":
            yield from replaced(stack, place, other[place.name])
    for block in stack.blocks:
        own = {s.name: s for s in _inside(stack, block)}
        if block.name == "parameter" and "name" in own and "value" in own:
            if str(own["name"].value).startswith("log_"):
                yield from replaced(stack, own["value"], '"none"')
            elif own["name"].value != "rds.force_ssl":
                wrong = '"0"' if str(own["value"].value).isdecimal() else '"noeviction"'
                yield from replaced(stack, own["value"], wrong)


@operator("overlap-windows", "configuration data")
def overlap(stack: Stack) -> Iterator[Change]:
    """A window, or a schedule, falls into another one's hours."""
    places = [s for s in stack.settings if s.kind == "resource" and WINDOWS.match(s.text)]
    for place in places:
        for other in places:
            same = bool(DAILY.fullmatch(place.text)) == bool(DAILY.fullmatch(other.text))
            hours = other.text if same else _converted(place.text, other.text)
            if other is not place:
                yield from replaced(stack, place, hours, f"as {other.name}")
    for place in stack.settings:
        if (cron := CRON.match(place.text)) and place.kind == "resource":
            hour = (int(cron[2]) + 9) % 24
            moved = f'"cron({cron[1]} {hour} ' + place.text[cron.end() :]
            yield from replaced(stack, place, moved)


@operator("weekday-window", "configuration data")
def weekday(stack: Stack) -> Iterator[Change]:
    """Something is maintained on a working day."""
    for place in stack.settings:
        if place.kind == "resource" and re.match(r'"(sat|sun):', place.text):
            moved = re.sub(r"\b(sat|sun):", "wed:", place.text)
            yield from replaced(stack, place, moved)


def _converted(place: str, other: str) -> str:
    """Another's hours in the form of a window with, or without, its days."""
    hours = re.findall(r"\d\d:\d\d", other)
    if DAILY.fullmatch(place):
        return f'"{"-".join(hours)}"'
    return '"' + "-".join(f"sun:{hour}" for hour in hours) + '"'


def _logs(block: Block) -> bool:
    return "logging_configuration" in block.type or block.type == "aws_flow_log"


def _inside(stack: Stack, block: Block) -> list[Setting]:
    return [
        s
        for s in stack.settings
        if s.document is block.document and block.start < s.start and s.end < block.end
    ]
