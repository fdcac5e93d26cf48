"""The emulator seen from a test run: a child process with a bounded start and a certain end."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import boto3

from tests.support.emulator.recording import BrokenRecordingError
from tests.support.emulator.server import CONTROL, HOST, READY, WITHOUT_GAP
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

_ERROR = "error: "
START_SECONDS = 30.0
STOP_SECONDS = 5.0
COMMAND_SECONDS = 120.0


class EmulatorSession(boto3.Session):  # type: ignore[misc]
    """A boto3 session whose clients and resources talk to the emulator.

    `without_gap` leaves the gap of that id open to their requests: they see what moto does alone.
    """

    def __init__(self, endpoint_url: str, region: str, without_gap: str | None = None) -> None:
        super().__init__(
            aws_access_key_id="emulator", aws_secret_access_key="emulator", region_name=region
        )
        self._endpoint_url = endpoint_url
        if without_gap:
            self.events.register("before-sign", functools.partial(_name_gap, without_gap))

    def client(self, *args: Any, **kwargs: Any) -> Any:
        """A low-level client, as `boto3.Session.client`."""
        return super().client(*args, **{"endpoint_url": self._endpoint_url, **kwargs})

    def resource(self, *args: Any, **kwargs: Any) -> Any:
        """A resource, as `boto3.Session.resource`."""
        return super().resource(*args, **{"endpoint_url": self._endpoint_url, **kwargs})

    def tell(self, command: str, document: Any) -> None:
        """Tell the emulator, as JSON, what has happened in the session's region.

        Which commands there are is for the gaps to say. Raises SuiteError when it is refused.
        """
        try:
            _post(f"{self._endpoint_url}{CONTROL}{command}?region={self.region_name}", document)
        except HTTPError as error:
            raise SuiteError(f"the AWS emulator refuses it: {error.read().decode()}") from error
        except OSError as error:
            raise SuiteError(f"the AWS emulator does not answer ({error})") from error


class Emulator:
    """AWS on 127.0.0.1, in a process of its own. Use it as a context manager.

    `port` None takes a free one. The server's log goes to `log_path`, a temporary file by default.
    A `detached` one goes on when this process ends, until it is stopped.
    """

    def __init__(
        self,
        account_id: str,
        port: int | None = None,
        log_path: Path | None = None,
        region: str = "us-east-1",
        detached: bool = False,
    ) -> None:
        self.account_id = account_id
        self._detached = detached
        self.region = region
        self.port = port or 0
        self._own_log = log_path is None
        self.log_path = log_path or Path(os.devnull)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        """The URL every AWS client is pointed at."""
        return f"http://{HOST}:{self.port}"

    @property
    def process_id(self) -> int:
        """The running server's. Raises SuiteError when it is not running."""
        self.check_alive()
        assert self._process is not None
        return self._process.pid

    def start(self) -> Emulator:
        """Start the server and wait until it accepts requests (30 s at most).

        Raises SuiteError when the port is taken or the server did not come up.
        """
        command = [sys.executable, "-m", "tests.support.emulator", "serve"]
        command += ["--port", str(self.port), "--account", self.account_id]
        command += [] if self._detached else ["--die-with-stdin"]
        if self._own_log:
            number, name = tempfile.mkstemp(prefix="emulator-", suffix=".log")
            os.close(number)
            self.log_path = Path(name)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=_child_environment(),
                stdin=subprocess.DEVNULL if self._detached else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.port = self._await_ready(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def _await_ready(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdout is not None
        deadline = time.monotonic() + START_SECONDS
        received = b""
        while not received.endswith(b"\n"):
            ready, _, _ = select.select(
                [process.stdout], [], [], max(0.0, deadline - time.monotonic())
            )
            chunk = os.read(process.stdout.fileno(), 1024) if ready else b""
            if not chunk:
                raise SuiteError(
                    self._failure("did not start" if ready else "was not ready in time")
                )
            received += chunk
        return int(received.decode().strip().removeprefix(READY))

    def check_alive(self) -> None:
        """Raise SuiteError when the server is not running (any more)."""
        if self._process is None:
            raise SuiteError("the AWS emulator is not running: start it first")
        if self._process.poll() is not None:
            raise SuiteError(self._failure(f"died with exit code {self._process.returncode}"))

    def stop(self) -> None:
        """End the server and everything it started. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
        if self._own_log:
            self.log_path.unlink(missing_ok=True)

    def record(self) -> None:
        """Begin to note every request, so that they can be played into another emulator."""
        self._command("record")

    def save(self, path: Path) -> None:
        """Write what was noted since `record`, and note no more."""
        self._command("save", path)

    def play(self, path: Path) -> None:
        """Serve a recording's requests again.

        Raises BrokenRecordingError when it cannot be read or is answered differently now; what has
        been played so far is then forgotten.
        """
        try:
            self._command("play", path)
        except BrokenRecordingError:
            self._command("/moto-api/reset")
            raise

    def set_clock(self, scale: float, real_origin: float, region_origin: float) -> None:
        """Date what happens by a clock that runs `scale` times faster than this machine's.

        The two origins are the same moment on either, in POSIX seconds. Raises SuiteError for a
        clock that cannot be.
        """
        asked = {"scale": scale, "real_origin": real_origin, "region_origin": region_origin}
        try:
            self._command(f"clock?{urlencode(asked)}")
        except BrokenRecordingError as error:
            raise SuiteError(f"the AWS emulator refuses it: {error}") from error

    def _command(self, command: str, path: Path | None = None) -> None:
        self.check_alive()
        place = command if command.startswith("/") else CONTROL + command
        query = f"?{urlencode({'path': path.resolve()})}" if path else ""
        try:
            _post(f"{self.endpoint_url}{place}{query}")
        except HTTPError as error:
            raise BrokenRecordingError(error.read().decode(errors="replace")) from error
        except OSError as error:
            self.check_alive()
            raise SuiteError(self._failure(f"does not answer ({error})")) from error

    def environment(self) -> dict[str, str]:
        """Variables that point boto3, the AWS CLI and Terraform at the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "emulator",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def session(self, without_gap: str | None = None) -> EmulatorSession:
        """A boto3 session on the emulator, as `EmulatorSession`."""
        return EmulatorSession(self.endpoint_url, self.region, without_gap)

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _failure(self, what: str) -> str:
        """One line when the server said what was wrong, else with the last lines of its log."""
        log = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        lines = log.splitlines()
        if lines and lines[-1].startswith(_ERROR):
            return f"the AWS emulator {what}: {lines[-1].removeprefix(_ERROR)}"
        tail = "".join(f"\n  {line}" for line in lines[-10:])
        return f"the AWS emulator {what}; the end of its log:{tail or ' empty'}"


def _child_environment() -> dict[str, str]:
    """This process's environment without the settings that could lead moto to a real account.

    With one hash seed for all, sets are listed in the same order whenever a recording is played.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_"))}
    return {**kept, "PYTHONHASHSEED": "0"}


def _post(url: str, document: Any = None) -> None:
    """Send a command. Raises HTTPError when it is refused, OSError when nobody answers."""
    body = None if document is None else json.dumps(document).encode()
    request = Request(url, body, {"Content-Type": "application/json"}, method="POST")
    with urlopen(request, timeout=COMMAND_SECONDS):
        pass


def _name_gap(gap_id: str, request: Any, **_: Any) -> None:
    request.headers[WITHOUT_GAP] = gap_id


def _signal_group(process_id: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process_id, number)
