"""An environment on two emulators made ready side by side: one to be looked at, one to write to."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import planning
from tests.support.deployment import Deployment, deploy
from tests.support.emulator import Emulator
from tests.support.source import SourceTree


@dataclass(frozen=True)
class Emulated:
    """An emulator with the stack deployed to it, and what is made beside the tests of it.

    `second_plan` is what another apply would change, `sandbox` another emulator with the same
    deployment; each is None where nobody asked for it.
    """

    emulator: Emulator
    deployment: Deployment
    second_plan: Future[list[str]] | None
    sandbox: Future[Emulator] | None


@contextlib.contextmanager
def made(
    stack: Path,
    environment: str,
    progress: Callable[[str], None],
    *,
    fresh: bool,
    planned: bool,
    written_to: bool,
) -> Iterator[Emulated]:
    """The environment deployed; `planned` and `written_to` ask for what is made beside.

    Raises SuiteError as `deploy` does; what goes wrong beside is raised by the futures.
    """
    planning.variables_file(stack, environment)
    # Of no module: those take longer to read than an emulator takes to start.
    account = planning.account_of(SourceTree(stack.resolve(), {}), environment)
    # Left last: with the emulator gone, a plan that nobody waits for any more ends by itself.
    with ThreadPoolExecutor(1) as pool, contextlib.ExitStack() as left:
        sandbox = left.enter_context(Sandbox(account)) if written_to else None
        # Read while the emulators start: deploying needs them all, and each text is parsed once.
        pool.submit(SourceTree.load, stack)
        emulator = left.enter_context(Emulator(account))
        deployment = left.enter_context(deploy(emulator, stack, environment, progress, fresh))
        yield Emulated(
            emulator,
            deployment,
            pool.submit(deployment.second_plan) if planned else None,
            sandbox.deploy(stack, environment) if sandbox else None,
        )


class Sandbox:
    """An emulator that starts at once, in a thread of its own. Use it as a context manager."""

    def __init__(self, account: str) -> None:
        self._emulator = Emulator(account)
        self._pool = ThreadPoolExecutor(1)
        self._left = contextlib.ExitStack()
        self._started = self._pool.submit(self._emulator.start)

    def deploy(self, stack: Path, environment: str) -> Future[Emulator]:
        """Deploy to it as well; the future raises what kept it from that, such as SuiteError."""

        def ready() -> Emulator:
            self._started.result()
            self._left.enter_context(deploy(self._emulator, stack, environment))
            return self._emulator

        return self._pool.submit(ready)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        # First: with the emulator gone, the thread that waits for it ends. Then once more, should
        # it have been started in between.
        self._emulator.stop()
        self._pool.shutdown()
        self._left.close()
        self._emulator.stop()


def tell(config: pytest.Config) -> Callable[[str], None]:
    """Print progress past pytest's capture: an apply takes minutes."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def progress(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(line, file=sys.stderr, flush=True)

    return progress
