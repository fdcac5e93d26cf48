"""A provider that stands between Terraform and the AWS provider and fills in placeholders.

Terraform finds it through TF_REATTACH_PROVIDERS, made for debugging providers (HashiCorp, "Debugger
Based Debugging"). Every call goes through to the real provider unchanged; only the answers to
PlanResourceChange are touched, and schemas of types and blocks that the stack does not use are left
out (`trimming.py`).
Nothing is ever applied through it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import grpc

from tests.support.placeholders.filling import Block, edited, fill
from tests.support.placeholders.memory import Memory
from tests.support.placeholders.messages import (
    PlanRequest,
    PlanResponse,
    SchemaResponse,
    ValidateRequest,
)
from tests.support.placeholders.real_provider import SERVICE, UNBOUNDED, Call, started
from tests.support.placeholders.symbols import PLACEHOLDER, name_symbols
from tests.support.placeholders.trimming import LARGE_BYTES, pad, strip, trim

ADDRESS = "registry.terraform.io/hashicorp/aws"
HOST = "127.0.0.1"
_THREADS = 16
# Their answers follow from the request and the provider's configuration.
_PURE = {
    "GetSchema",
    "PlanResourceChange",
    "PrepareProviderConfig",
    "ValidateDataSourceConfig",
    "ValidateEphemeralResourceConfig",
    "ValidateResourceTypeConfig",
}
_PURE_DATA = {"aws_iam_policy_document"}
# The requests about one resource, and the values that they hold.
_VALUES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "PlanResourceChange": (PlanRequest, ("prior_state", "proposed_new_state", "config")),
    "ValidateResourceTypeConfig": (ValidateRequest, ("config",)),
}


class Stand:
    """A provider standing in.

    `start` makes a process of the real provider for one configuration. Terraform is shown the
    schemas of `wanted` types only, and of large ones only the nested blocks whose names are
    `written`; `spared` (type, path) pairs are left unknown. `types` has the resource type for each
    placeholder's number.
    """

    def __init__(
        self,
        start: Callable[[], Call],
        memory: Memory,
        wanted: frozenset[str],
        written: frozenset[str],
        spared: frozenset[tuple[str, str]],
    ) -> None:
        self.port = 0
        self._start, self._memory, self._wanted, self._spared = start, memory, wanted, spared
        self._written = written
        self._large: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._processes: dict[bytes, Call] = {}
        self._configuration: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self._seen: Counter[str] = Counter()
        self._schemas: Any = None

    def environment(self) -> dict[str, str]:
        """The variable by which Terraform finds it."""
        place = {
            "Protocol": "grpc",
            "ProtocolVersion": 5,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "tcp", "String": f"{HOST}:{self.port}"},
        }
        return {"TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: place})}

    def forget(self) -> None:
        """Begin another plan: what the last one planned has no part in it."""
        with self._lock:
            self.types.clear()
            self._seen.clear()

    def name_symbols(self, document: dict[str, Any]) -> dict[str, Any]:
        """A plan's JSON with the symbols of what was planned in the place of its placeholders."""
        for change in document.get("resource_changes", []):
            if change["type"] in self._large:
                large = self._large[change["type"]]
                change["change"]["after"] = pad(large, self._written, change["change"].get("after"))
        return name_symbols(document, self.types)

    def named_in(self, text: str) -> frozenset[tuple[str, str]]:
        """The (type, code of a path) pairs of the placeholders that a text names."""
        return frozenset((self.types[n], path) for n, path in PLACEHOLDER.findall(text))

    def answer(self, client: str, method: str, request: bytes) -> bytes:
        """The real provider's answer, with placeholders where it plans a resource.

        `client` is one of Terraform's connections: it makes one for each provider configuration.
        """
        if method == "Configure":
            self._configuration[client] = request
        response = self._asked(
            self._configuration.get(client, b""), method, self._padded(method, request)
        )
        if method == "GetSchema":
            response = self._trimmed(response)
            self._schemas = _blocks(response)
        if method == "PlanResourceChange" and self._schemas is not None:
            return self._filled(request, response)
        return response

    def _trimmed(self, response: bytes) -> bytes:
        """The schemas as Terraform is shown them; of the large ones the whole is kept."""
        schemas = SchemaResponse.FromString(response)
        for entry in schemas.resource_schemas:
            if entry.ByteSize() > LARGE_BYTES:
                whole = type(entry.value.block)()
                whole.CopyFrom(entry.value.block)
                self._large[entry.key] = whole
                trim(entry.value.block, self._written)
        trimmed: bytes = schemas.SerializeToString()
        return trimmed

    def _padded(self, method: str, request: bytes) -> bytes:
        """A request about a resource with a large schema, as the real provider takes it."""
        if method not in _VALUES:
            return request
        message, names = _VALUES[method]
        asked = message.FromString(request)
        if asked.type_name not in self._large:
            return request
        large = self._large[asked.type_name]
        for value in (getattr(asked, name) for name in names):
            if value.msgpack:
                value.msgpack = edited(value.msgpack, partial(pad, large, self._written))
        padded: bytes = asked.SerializeToString()
        return padded

    def _asked(self, configuration: bytes, method: str, request: bytes) -> bytes:
        pure = method in _PURE or (
            method == "ReadDataSource" and PlanRequest.FromString(request).type_name in _PURE_DATA
        )
        if not pure:
            return self._process(configuration)(method, request)
        wanted = " ".join(sorted(self._wanted)).encode() if method == "GetSchema" else b""
        question = self._memory.key(configuration, method.encode(), request, wanted)
        answer = self._memory.recall(question)
        if answer is None:
            answer = self._process(configuration)(method, request)
            answer = _only(answer, self._wanted) if method == "GetSchema" else answer
            self._memory.learn(question, answer)
        return answer

    def _process(self, configuration: bytes) -> Call:
        """The process with that configuration; before there is one, any process will do."""
        with self._lock:
            if configuration not in self._processes:
                spare = self._processes.pop(b"", None) if configuration else None
                call = spare or self._start()
                self._processes[configuration] = call
            return self._processes[configuration]

    def _filled(self, request: bytes, response: bytes) -> bytes:
        answer = PlanResponse.FromString(response)
        state = answer.planned_state.msgpack
        if not state:
            return response
        resource_type = PlanRequest.FromString(request).type_name
        number = self._number(request)
        self.types[number] = resource_type
        block = self._schemas(resource_type)
        if large := self._large.get(resource_type):
            state = edited(state, partial(strip, large, self._written))
        answer.planned_state.msgpack = fill(state, resource_type, block, number, self._spared)
        filled: bytes = answer.SerializeToString()
        return filled

    def _number(self, request: bytes) -> str:
        """The same for the same resource in every run, so that what depends on it is the same."""
        digest = hashlib.sha256(request).hexdigest()[:8]
        with self._lock:
            self._seen[digest] += 1
            times = self._seen[digest]
        return digest if times == 1 else f"{digest}x{times}"


def _only(response: bytes, wanted: frozenset[str]) -> bytes:
    """The schemas of the types in use: Terraform would spend seconds on reading all the others."""
    schemas = SchemaResponse.FromString(response)
    for field in (schemas.resource_schemas, schemas.data_source_schemas):
        used = [one for one in field if one.key in wanted]
        del field[:]
        field.extend(used)
    shortened: bytes = schemas.SerializeToString()
    return shortened


def _blocks(response: bytes) -> Callable[[str], Block]:
    """The schema of each resource type, read when it is first asked for."""
    entries = {one.key: one.value for one in SchemaResponse.FromString(response).resource_schemas}
    return cache(lambda resource_type: Block.read(entries[resource_type].block))


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, stand: Stand) -> None:
        self._stand = stand

    def service(self, details: Any) -> Any:
        if not details.method.startswith(SERVICE):
            return None
        method = details.method.removeprefix(SERVICE)

        def handle(request: bytes, context: Any) -> bytes:
            try:
                return self._stand.answer(context.peer(), method, request)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
                raise

        return grpc.unary_unary_rpc_method_handler(handle)


@contextlib.contextmanager
def standing_in(
    binary: Path,
    environment: Mapping[str, str],
    memory_path: Path,
    wanted: frozenset[str],
    written: frozenset[str],
    spared: frozenset[tuple[str, str]] = frozenset(),
) -> Iterator[Stand]:
    """A provider that stands before the real one; everything it started is gone on leaving.

    `environment` is the real provider's: its credentials and endpoint. Raises SuiteError when that
    does not start or speaks another protocol.
    """
    with contextlib.ExitStack() as until:
        memory = Memory(memory_path, binary, environment.get("AWS_ACCESS_KEY_ID", ""))
        until.callback(memory.close)
        stand = Stand(lambda: started(binary, environment, until), memory, wanted, written, spared)
        server = grpc.server(
            ThreadPoolExecutor(_THREADS), handlers=[_Handler(stand)], options=UNBOUNDED
        )
        stand.port = server.add_insecure_port(f"{HOST}:0")
        server.start()
        until.callback(lambda: server.stop(None).wait())
        yield stand
