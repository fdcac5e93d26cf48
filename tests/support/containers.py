"""A running container as testinfra sees it, read with what even a slim image holds: sh and /proc.

`host` is testinfra's. The container's program is its first process; nothing here is told of a value
in the environment but to whoever asks for it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import testinfra

from tests.support.outcomes import Invalid, SuiteError

_LISTEN = "0A"
# Engines that keep what a container writes, by testinfra's names of the backends.
_ENGINES = frozenset({"docker", "podman"})


def check_hosts(hosts: str | None) -> None:
    """Raise SuiteError unless testinfra knows how to reach what `--hosts` names, if it is given."""
    try:
        testinfra.get_hosts(hosts.split(",") if hosts else ["local://"])
    except (RuntimeError, ValueError, ImportError) as error:
        raise SuiteError(f"--hosts {hosts}: {error}; write docker://NAME") from error


def expect_reachable(host: Any) -> None:
    """Raise Invalid when no command can be run in the container."""
    done = host.run("true")
    if done.rc != 0:
        raise Invalid(f"{name(host)} takes no command: {done.stderr.strip() or done.rc}")


def name(host: Any) -> str:
    """What `--hosts` calls the container."""
    return str(host.backend.get_pytest_id())


def listening(host: Any) -> set[int]:
    """The TCP ports on which something listens on every interface, by IPv4 or by IPv6."""
    tables = [host.file("/proc/net/tcp"), host.file("/proc/net/tcp6")]
    return {port for one in tables if one.exists for port in ports(one.content_string)}


def ports(table: str) -> set[int]:
    """The ports listened on at the unspecified address, in a table of proc(5), /proc/net/tcp."""
    rows = [row.split() for row in table.splitlines()[1:]]
    local = [row[1].split(":") for row in rows if row[3] == _LISTEN]
    return {int(port, 16) for address, port in local if set(address) == {"0"}}


def variables(host: Any) -> dict[str, str]:
    """The environment that the container's program was started with."""
    pairs = host.file("/proc/1/environ").content.decode(errors="replace").split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def user_ids(host: Any) -> set[int]:
    """The program's real, effective, saved and file system user ids."""
    status = host.file("/proc/1/status").content_string
    (found,) = [row for row in status.splitlines() if row.startswith("Uid:")]
    return {int(one) for one in found.split()[1:]}


def health_command(container: Mapping[str, Any]) -> str:
    """The health check of a container definition as one line for a shell.

    Raises Invalid for a form that ECS does not have (ECS API, HealthCheck).
    """
    match container["healthCheck"]["command"]:
        case ["CMD-SHELL", str() as line]:
            return line
        case ["CMD", *words] if words:
            return shlex.join(words)
    raise Invalid("a health check whose command begins with neither CMD nor CMD-SHELL")


def program(command: str) -> str:
    """The program that a command line begins with."""
    words = shlex.shlex(command, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    return next(words)


def status(host: Any, address: str, timeout_seconds: int) -> str:
    """The status of a GET from inside the container, `000` when nothing answers in time."""
    done = host.run(
        "curl --silent --output /dev/null --write-out %%{http_code} --max-time %s %s",
        str(timeout_seconds), address,
    )  # fmt: skip
    return str(done.stdout) or done.stderr.strip()


def run_within(host: Any, command: str, timeout_seconds: int) -> int:
    """The exit status of a command line in the container, 124 when it takes longer than that."""
    return int(host.run("timeout %s sh -c %s", str(timeout_seconds), command).rc)


def log_lines(host: Any) -> list[str]:
    """What the container has written so far. Raises Invalid where its backend does not keep it."""
    backend = host.backend
    if hasattr(backend, "log"):
        return list(backend.log().splitlines())
    if backend.NAME not in _ENGINES:
        raise Invalid(f"{name(host)}: no log by testinfra's backend {backend.NAME}; use docker://")
    engine = testinfra.get_host("local://")
    done = engine.run("%s logs %s 2>&1", backend.NAME, backend.name)
    if done.rc != 0:
        raise Invalid(f"{name(host)}: {done.stdout.strip()}")
    return list(done.stdout.splitlines())


def without_object(lines: list[str], secrets: Iterable[str]) -> list[str]:
    """The lines that are not one JSON object each, shortened; no secret is in them."""
    # The longest first: another one may be a part of it.
    hidden = sorted(filter(None, secrets), key=len, reverse=True)
    other = [line for line in lines if not _is_object(line)]
    return [reduce(lambda text, one: text.replace(one, "***"), hidden, line)[:80] for line in other]


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
