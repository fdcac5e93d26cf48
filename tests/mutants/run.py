"""Hands mutants to workers side by side, tells how far it is, and writes down what they say."""

from __future__ import annotations

import contextlib
import json
import queue
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.mutants.mutant import Mutant
from tests.mutants.record import Journal
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

UNCHANGED = Mutant("", "", "", 0, "nothing", ())
STOP_SECONDS = 30.0
SHOWN_EVERY_SECONDS = 5.0


class Worker:
    """A process that judges mutants. SuiteError says what kept it from starting."""

    def __init__(self, stack: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.worker", str(stack)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is this process's to act on
        )

    def judge(self, mutant: Mutant) -> dict[str, Any]:
        """What became of a mutant."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(asdict(mutant)), file=self._process.stdin, flush=True)
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            raise SuiteError("a worker ended before it answered; --resume goes on") from error
        if "error" in answer:
            raise SuiteError(answer["error"])
        return answer

    def close(self) -> None:
        """Let it end after what it is at; it ends what it started."""
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def stop(self) -> None:
        """Wait until it has ended."""
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(
    stack: Path,
    mutants: Sequence[Mutant],
    jobs: int,
    journal: Journal,
    say: Callable[[str], None],
) -> float:
    """Judge the mutants, and write down each result when it is there; the seconds for each.

    Raises SuiteError when the tests are not content with the tree as it is: then no failure would
    show that a mutant was noticed. On Ctrl-C what has been judged is written down.
    """
    if not mutants:
        return 0.0
    pool = Pool(mutants, journal, Progress(len(mutants), say))
    with workers(stack, min(jobs, len(mutants))) as started:
        threads = [threading.Thread(target=pool.work, args=(w,), daemon=True) for w in started]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)  # in short waits, which a Ctrl-C can break
        finally:
            pool.over.set()
    if pool.troubles:
        raise pool.troubles[0]
    return pool.progress.seconds_each()


class Pool:
    """What the workers take from and bring back to. `over` ends the work, as a trouble does."""

    def __init__(self, mutants: Sequence[Mutant], journal: Journal, progress: Progress) -> None:
        self._waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
        # In a random order: what is judged when a run is stopped is a fair sample of the whole.
        for mutant in random.Random(0).sample(list(mutants), len(mutants)):
            self._waiting.put(mutant)
        self._journal, self.progress = journal, progress
        self.over = threading.Event()
        self.troubles: list[SuiteError] = []

    def work(self, worker: Worker) -> None:
        """Have a worker judge one mutant after another."""
        try:
            refuse_unsound(worker.judge(UNCHANGED))
            self.progress.begin()
            while not self.over.is_set():
                mutant = self._waiting.get_nowait()
                result = worker.judge(mutant) | {"edits_key": mutant.edits_key}
                if not self.over.is_set():
                    self._journal.add(result)
                    self.progress.add(result)
        except queue.Empty:
            return
        except SuiteError as error:
            if not self.over.is_set():
                self.troubles.append(error)
            self.over.set()


@contextlib.contextmanager
def workers(stack: Path, number: int) -> Iterator[list[Worker]]:
    """So many workers, all of which end with this."""
    started: list[Worker] = []
    try:
        for _ in range(number):
            started.append(Worker(stack))
        yield started
    finally:
        for worker in started:
            worker.close()
        for worker in started:
            worker.stop()


def refuse_unsound(result: dict[str, Any]) -> None:
    """Refuse a tree that fails as it is."""
    if result["outcome"] == "survived":
        return
    killed = result.get("killed") or {}
    reason = " ".join(filter(None, [killed.get("requirement"), killed.get("message"),
                                    result.get("reason")]))  # fmt: skip
    raise SuiteError(f"the stack as it is does not pass, so no mutant can be judged: {reason}")


class Progress:
    """How many are judged, and when the rest will be."""

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self._total, self._say = total, say
        self._done, self._shown = 0, 0.0
        self._began: float | None = None
        self._ended = 0.0
        self._outcomes: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self) -> None:
        """The first worker is ready."""
        with self._lock:
            self._began = self._began or time.monotonic()

    def add(self, result: dict[str, Any]) -> None:
        """One more."""
        with self._lock:
            self._done += 1
            self._ended = time.monotonic()
            outcome = result["outcome"]
            self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
            if self._ended - self._shown >= SHOWN_EVERY_SECONDS or self._done == self._total:
                self._shown = self._ended
                self._say(self._line())

    def seconds_each(self) -> float:
        """Wall time for each mutant, the workers taken together."""
        return (self._ended - (self._began or self._ended)) / max(self._done, 1)

    def _line(self) -> str:
        left = (self._total - self._done) * self.seconds_each()
        sums = ", ".join(f"{n} {name}" for name, n in sorted(self._outcomes.items()))
        return (f"{self._done} of {self._total}: {sums}; {self.seconds_each():.1f} s each, "
                f"about {left / 60:.0f} min left")  # fmt: skip
