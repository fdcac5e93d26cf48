"""Which policies Checkov loaded, and what its log says went wrong."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.findings import Policy
from tests.support.outcomes import SuiteError


def policy_files(directory: Path) -> list[Path]:
    """The files that must each hold a policy; those that begin with _ are what policies share."""
    kinds = {".py", ".yaml", ".yml", ".json"}
    return sorted(
        path
        for path in directory.rglob("*")
        if path.suffix in kinds and not path.name.startswith("_")
    )


def loaded(directory: Path, census: dict[str, Any], log: str) -> tuple[Policy, ...]:
    """The policies that Checkov loaded; SuiteError unless that is one from each file."""
    policies = tuple(
        Policy(
            id=one["id"],
            name=one["name"],
            file=os.path.relpath(one["file"], directory),
            requirement=one["requirement"],
            resource_types=frozenset(one["resource_types"]),
        )
        for one in census["policies"]
    )
    _refuse_taken_ids(policies, census["builtin"])
    loaded_files = {(directory / policy.file).resolve() for policy in policies}
    for path in policy_files(directory):
        if path.resolve() not in loaded_files:
            said = [entry for entry in _entries(log) if str(path) in entry or path.name in entry]
            reason = last_line("".join(said)) if said else "its id is taken, or it makes no check"
            raise SuiteError(f"{path}: Checkov did not load this policy: {reason}")
    return policies


def _refuse_taken_ids(policies: Iterable[Policy], builtin: Iterable[str]) -> None:
    """An id that is taken makes one of the two checks vanish, and that may be Checkov's own."""
    series = {identifier.rpartition("_")[0] for identifier in builtin}
    files = defaultdict(list)
    for policy in policies:
        files[policy.id].append(policy.file)
        if policy.id.rpartition("_")[0] in series:
            raise SuiteError(f"policy {policy.file}: ids like {policy.id} are Checkov's own")
    for identifier, names in files.items():
        if len(names) > 1:
            raise SuiteError(f"policies {', '.join(sorted(names))}: the id {identifier} is taken")


def _entries(log: str) -> list[str]:
    """The entries of Checkov's log; one may go on over several lines."""
    return re.split(r"^(?=\d{4}-\d\d-\d\d .*?\[[A-Z]{4,5} *\])", log, flags=re.MULTILINE)


def refuse_errors(log: str) -> None:
    """Checkov goes on after an error; what it then reports is not all there is."""
    for entry in _entries(log):
        if re.match(r"\S+ \S+ \[.*?\] \[(ERROR|CRITI)", entry):
            first = last_line(entry.splitlines()[0])
            # The kind of exception only: its text may hold a value of the stack's.
            kind = last_line(entry).partition(":")[0] if "Traceback" in entry else ""
            raise SuiteError(f"Checkov: {first}{kind and f' ({kind})'}")


def last_line(text: str) -> str:
    """The last line that says something, without the time and level before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^\S+ \S+ \[.*?\] \[.*?\] *", "", lines[-1]) if lines else "it said nothing"
