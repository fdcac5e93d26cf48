"""Scratch directories that are short enough for a provider's Unix socket.

A socket's path has room for 103 bytes on macOS and 107 on Linux (`sun_path` in unix(7)). Providers
open theirs in TMPDIR, and where that is too long they die before they say what is wrong.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.support.outcomes import SuiteError

LONGEST_PATH = 103
SHORT = (Path("/tmp"), Path("/var/tmp"))
# Whose directory it is. A provider that the suite starts lies below Terraform's.
TERRAFORM, PROVIDER = "terraform-", "provider-"
# What Go's os.CreateTemp makes of go-plugin's pattern: a random number of 32 bits.
_SOCKET = "/plugin4294967295"
_RANDOM = "12345678"  # as long as what tempfile appends


def scratch(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """TERRAFORM's or a PROVIDER's directory, where temporary files belong, else in /tmp.

    SuiteError when the first is too long and the second cannot be written to.
    """
    below = f"/{PROVIDER}{_RANDOM}" if prefix == TERRAFORM else ""
    longest = LONGEST_PATH - len(f"/{prefix}{_RANDOM}{below}{_SOCKET}")
    usual = Path(tempfile.gettempdir())
    for place in (usual, *SHORT):
        if len(os.fsencode(place)) <= longest and os.access(place, os.W_OK | os.X_OK):
            return tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True)
    raise SuiteError(
        f"TMPDIR={usual} is too long for the sockets of Terraform's providers: "
        f"set it to a directory of at most {longest} bytes"
    )
