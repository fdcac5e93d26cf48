"""Which hosts a load run may be aimed at: the environment's own and no other."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tests.support.outcomes import SuiteError
from tests.support.traffic import Traffic


class UsageError(SuiteError):
    """The command line asks for something that cannot be done: exit code 2, nothing was sent."""


class RefusedError(UsageError):
    """The host is not one this run may send load to."""


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address (no scheme, no port) is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def permitted(url: str | None, environment: str, traffic: Traffic, allow_production: bool) -> str:
    """The base URL to send load to, without a trailing slash.

    Loopback stands for the emulator; otherwise only the environment's own host over HTTPS, and
    production only when it was allowed in so many words. Raises RefusedError.
    """
    if environment not in traffic.environments:
        raise RefusedError(f"environment {environment!r} has no traffic")
    own = traffic.place(environment).host
    try:
        parts = urlsplit(url or "")
        port = parts.port
    except ValueError as error:
        raise RefusedError(f"--host {url!r} is not a URL: {error}") from error
    if not url or not parts.hostname or parts.scheme not in ("http", "https"):
        raise RefusedError(f"--host {url!r} is not a URL; give https://{own} or a loopback one")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise RefusedError("--host takes scheme, host and port only")
    if is_loopback(parts.hostname):
        return url.rstrip("/")
    if parts.hostname != own:
        raise RefusedError(
            f"--host {parts.hostname} is not {environment}'s own host {own}; nothing was sent"
        )
    if parts.scheme != "https" or port not in (None, 443):
        raise RefusedError(f"--host {url}: {environment} is reached over https on port 443")
    if environment == "production" and not allow_production:
        raise RefusedError("load on production needs --allow-production; nothing was sent")
    return url.rstrip("/")
