"""A provider that stands between Terraform and the AWS provider and fills in placeholders.

Terraform finds it through TF_REATTACH_PROVIDERS, made for debugging providers (HashiCorp, "Debugger
Based Debugging"). Every call goes through to the real provider unchanged; only the answers to
PlanResourceChange are touched. Nothing is ever applied through it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import grpc

from tests.support.outcomes import SuiteError
from tests.support.placeholders.filling import Block, fill
from tests.support.placeholders.messages import PlanRequest, PlanResponse, SchemaResponse
from tests.support.placeholders.symbols import PLACEHOLDER

ADDRESS = "registry.terraform.io/hashicorp/aws"
# The handshake of HashiCorp's go-plugin, by which a provider knows that Terraform started it.
_COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5",
}
_HANDSHAKE_PARTS = 5
_SERVICE = "/tfplugin5.Provider/"
_UNBOUNDED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_THREADS = 16


@dataclass
class Stand:
    """A provider standing in. `spared` (type, path) pairs are left unknown."""

    call: Callable[[str, bytes], bytes]
    spared: frozenset[tuple[str, str]] = frozenset()
    types: dict[int, str] = field(default_factory=dict)
    socket: str = ""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._schemas: Any = None

    def environment(self) -> dict[str, str]:
        """The variable by which Terraform finds it."""
        place = {
            "Protocol": "grpc",
            "ProtocolVersion": 5,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": self.socket},
        }
        return {"TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: place})}

    def named_in(self, text: str) -> frozenset[tuple[str, str]]:
        """The (type, path) pairs of the placeholders that a text names."""
        return frozenset((self.types[int(n)], path) for n, path in PLACEHOLDER.findall(text))

    def answer(self, method: str, request: bytes) -> bytes:
        """The real provider's answer, with placeholders where it plans a resource."""
        response = self.call(method, request)
        if method == "GetSchema":
            self._schemas = _blocks(response)
        if method == "PlanResourceChange" and self._schemas is not None:
            return self._filled(PlanRequest.FromString(request).type_name, response)
        return response

    def _filled(self, resource_type: str, response: bytes) -> bytes:
        answer = PlanResponse.FromString(response)
        state = answer.planned_state.msgpack
        if not state:
            return response
        number = next(self._numbers)
        self.types[number] = resource_type
        block = self._schemas(resource_type)
        answer.planned_state.msgpack = fill(state, resource_type, block, number, self.spared)
        filled: bytes = answer.SerializeToString()
        return filled


def _blocks(response: bytes) -> Callable[[str], Block]:
    """The schema of each resource type, read when it is first asked for."""
    entries = {one.key: one.value for one in SchemaResponse.FromString(response).resource_schemas}
    return cache(lambda resource_type: Block.read(entries[resource_type].block))


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, stand: Stand) -> None:
        self._stand = stand

    def service(self, details: Any) -> Any:
        if not details.method.startswith(_SERVICE):
            return None
        method = details.method.removeprefix(_SERVICE)

        def handle(request: bytes, context: Any) -> bytes:
            try:
                return self._stand.answer(method, request)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
                raise

        return grpc.unary_unary_rpc_method_handler(handle)


@contextlib.contextmanager
def standing_in(binary: Path, environment: Mapping[str, str]) -> Iterator[Stand]:
    """Start the real provider and one that stands before it; both are gone on leaving.

    `environment` is the real provider's: its credentials and endpoint. SuiteError when it does not
    start or speaks another protocol.
    """
    with (
        _started(binary, environment) as target,
        grpc.insecure_channel(target, options=_UNBOUNDED) as channel,
        tempfile.TemporaryDirectory(prefix="provider-") as directory,
    ):
        calls = cache(lambda method: channel.unary_unary(_SERVICE + method))
        stand = Stand(lambda method, request: calls(method)(request))
        stand.socket = str(Path(directory) / "socket")
        server = grpc.server(
            ThreadPoolExecutor(_THREADS), handlers=[_Handler(stand)], options=_UNBOUNDED
        )
        server.add_insecure_port(f"unix:{stand.socket}")
        server.start()
        try:
            yield stand
        finally:
            server.stop(None).wait()


@contextlib.contextmanager
def _started(binary: Path, environment: Mapping[str, str]) -> Iterator[str]:
    process = subprocess.Popen(
        [str(binary)],
        env={**environment, **_COOKIE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # A provider that never says a word would be waited for without end.
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        handshake = process.stdout.readline().decode().strip().split("|")
        timer.cancel()
        if len(handshake) < _HANDSHAKE_PARTS or handshake[1] != "5":
            raise SuiteError(
                f"{binary} did not start as a provider of protocol 5: {'|'.join(handshake)!r}"
            )
        yield f"{handshake[2]}:{handshake[3]}"
    finally:
        timer.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
