"""The AWS provider's own process, started as Terraform starts it, and how it is called."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import grpc

from tests.support import sockets
from tests.support.outcomes import SuiteError

# The handshake of HashiCorp's go-plugin, by which a provider knows that Terraform started it.
_COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5",
}
_HANDSHAKE_PARTS = 5
SERVICE = "/tfplugin5.Provider/"
UNBOUNDED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
Call = Callable[[str, bytes], bytes]


def started(binary: Path, environment: Mapping[str, str], until: contextlib.ExitStack) -> Call:
    """Start the real provider, to end with `until`."""
    # Ended by force, it leaves its socket behind.
    scratch = until.enter_context(sockets.scratch(sockets.PROVIDER))
    process = subprocess.Popen(
        [str(binary)],
        env={**environment, **_COOKIE, "TMPDIR": scratch},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until.callback(_end, process)
    # A provider that never says a word would be waited for without end.
    timer = threading.Timer(60, process.kill)
    timer.start()
    assert process.stdout is not None
    handshake = process.stdout.readline().decode().strip().split("|")
    timer.cancel()
    if len(handshake) < _HANDSHAKE_PARTS or handshake[1] != "5":
        said = "|".join(handshake)
        raise SuiteError(f"{binary} did not start as a provider of protocol 5: {said!r}")
    channel = grpc.insecure_channel(f"{handshake[2]}:{handshake[3]}", options=UNBOUNDED)
    until.callback(channel.close)
    calls = cache(lambda method: channel.unary_unary(SERVICE + method))

    def call(method: str, request: bytes) -> bytes:
        answer: bytes = calls(method)(request)
        return answer

    return call


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
