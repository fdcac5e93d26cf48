"""The emulator in the background for a person, with an environment's recorded deployment in it.

What is said goes to standard error; standard output holds shell commands only, to be eval'ed.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from tests.support.deployment import account_id, deploy
from tests.support.emulator import Emulator
from tests.support.emulator.server import CONTROL
from tests.support.outcomes import SuiteError
from tests.support.project import CACHE, write_whole

STATE, LOG = CACHE / "emulator.json", CACHE / "emulator.log"
ANSWER_SECONDS = 5.0
STOP_SECONDS = 5.0
TERMINATED = 143


@dataclass(frozen=True)
class Standing:
    """The emulator in the background; `resources` is None as long as it is being deployed to."""

    process: int
    endpoint: str
    environment: str
    stack: str
    since: str
    settings: dict[str, str]
    resources: int | None

    def __str__(self) -> str:
        return f"the emulator at {self.endpoint} with {self.environment}"

    def text(self) -> str:
        """What the state file says of it."""
        return json.dumps(asdict(self))

    def alive(self) -> bool:
        """Whether that process answers there: another program may have its id or its port."""
        try:
            os.kill(self.process, 0)
            request = Request(f"{self.endpoint}{CONTROL}process", method="POST")
            with urlopen(request, timeout=ANSWER_SECONDS) as answer:
                return bool(answer.read() == str(self.process).encode())
        except (OSError, ValueError):
            return False


def up(stack: Path, environment: str, port: int) -> int:
    """Start it, deploy to it and print the variables that lead to it. Raises SuiteError.

    0 also when it is up already with the same environment of the same stack. Interrupted, or when
    the deployment fails, it leaves nothing running.
    """
    stack = stack.resolve()
    if not list(stack.glob("*.tf")):
        raise SuiteError(f"--stack {stack}: no such directory, or no .tf file in it")
    # The command's own handler would end with 0, as a server does that is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    with _only_one():
        standing = _found()
        if standing is not None and standing.resources is None:
            _say(f"{standing} was left half-way and is ended")
            _end(standing.process)
            standing = None
        if standing is None:
            standing = _started(stack, environment, port)
            _say(f"up: {standing}, {standing.resources} resources")
        elif (standing.stack, standing.environment) != (str(stack), environment):
            raise SuiteError(f"{standing} of {standing.stack} is up; end it with `down` first")
        else:
            _say(f"already up: {standing}, since {standing.since}")
    _print_variables(standing)
    return 0


def down() -> int:
    """End it; 0 also when it was not up."""
    standing = _found()
    if standing is None:
        _say("the emulator is not up")
        return 0
    _end(standing.process)
    STATE.unlink(missing_ok=True)
    _say(f"down: {standing}")
    return 0


def status() -> int:
    """Print where it is, with what and since when; 1 when it is not up."""
    standing = _found()
    if standing is None:
        print("not up")
        return 1
    resources = "being deployed" if standing.resources is None else standing.resources
    print(
        f"endpoint     {standing.endpoint}\nenvironment  {standing.environment}\n"
        f"stack        {standing.stack}\nsince        {standing.since}\nresources    {resources}"
    )
    return 0


def _started(stack: Path, environment: str, port: int) -> Standing:
    account = account_id(stack, environment)
    emulator = Emulator(account, port=port, log_path=LOG, detached=True)
    try:
        emulator.start()
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        place = (emulator.process_id, emulator.endpoint_url, environment, str(stack), now)
        write_whole(STATE, Standing(*place, emulator.environment(), None).text())
        with deploy(emulator, stack, environment, progress=_say) as deployment:
            standing = Standing(*place, emulator.environment(), deployment.resource_count)
        write_whole(STATE, standing.text())
    except BaseException:
        emulator.stop()
        STATE.unlink(missing_ok=True)
        raise
    return standing


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """One `up` at a time; the lock goes with its process, however that ends."""
    import fcntl

    path = STATE.with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}; it is where the state is kept") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SuiteError("another `up` is under way; wait for it") from error
        yield


def _found() -> Standing | None:
    """What the state file tells, if it is true; a stale or unreadable file is removed."""
    try:
        standing = Standing(**json.loads(STATE.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        _say(f"{STATE.name} is unreadable and is discarded")
        STATE.unlink(missing_ok=True)
        return None
    if standing.alive():
        return standing
    _say(f"{standing} has ended by itself")
    STATE.unlink(missing_ok=True)
    return None


def _end(process: int) -> None:
    """End a process, by force if it takes too long. It need not be a child of this one."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


def _print_variables(standing: Standing) -> None:
    # boto3 and the AWS CLI take a profile's credentials before those of the environment.
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in standing.settings.items():
        print(f"export {name}={shlex.quote(value)}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
