"""One task as a process: it starts, serves, tells, is killed and ends as a container would."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import psutil
import pytest

from tests.load.living.service_minute import ServiceMinute, cpu_percent, memory_percent
from tests.load.living.tasks import Application, Definition, Sample, TaskProcess, Work, loopback
from tests.load.service.workload import Workload
from tests.selftest.load.balanced import in_loop, until
from tests.support import catalogue, traffic
from tests.support.deployed import HealthCheck, Task
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

APPLICATION = Application(("NODE_ENV", "SENTRY_DSN"), ("/", "/dashboard"), "/api/health")
COMPLETE = {"NODE_ENV": "staging", "SENTRY_DSN": "https://hidden@example.com/1"}
PRIVATE, OTHER, PORT = "10.99.1.4", "10.99.2.4", 3000
QUICK = Workload(0.001, 100.0, request_memory_mib=10.0)
HEAVY = Workload(0.001, 100.0, other_seconds=0.3, request_memory_mib=1000.0)
SLOW = Workload(0.2, 100.0, variation=0.0)


def definition(environment: dict[str, str] = COMPLETE, memory_mib: float = 1024.0) -> Definition:
    """A revision with two vCPUs."""
    check = HealthCheck("/api/health", 30, 5, 3, 60)
    return Definition(Task("arn:app:1", PORT, check, environment), 2.0, memory_mib)


@contextlib.asynccontextmanager
async def started(work: Work, private: str = PRIVATE, **more: Any) -> AsyncIterator[TaskProcess]:
    """A task that listens; gone when left."""
    process = await TaskProcess.start(definition(**more), APPLICATION, work)
    try:
        await process.listen(private, PORT, seed=1)
        yield process
    finally:
        await process.stop()


async def status(path: str, private: str = PRIVATE, agent: str = "a visitor's browser") -> int:
    """The status of a GET."""
    url, headers = f"http://{loopback(private)}:{PORT}{path}", {"User-Agent": agent}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    ("path", "expected"), [("/api/health", 200), ("/dashboard?page=2", 200), ("/nowhere", 404)]
)
@in_loop
async def test_task_serves_on_its_own_address(path: str, expected: int) -> None:
    async with started(Work(QUICK)) as process:
        assert await status(path) == expected
        sample = await process.sample()
        assert sample is not None
        assert sample.served == 1


@pytest.mark.parametrize("checker", ["ELB-HealthChecker/2.0", "curl/8.5.0"])
@in_loop
async def test_answers_to_health_checks_are_not_counted(checker: str) -> None:
    async with started(Work(QUICK)) as process:
        assert await status("/api/health", agent=checker) == 200
        sample = await process.sample()
        assert sample is not None
        assert sample.served == 0


@in_loop
async def test_tasks_have_the_same_port_and_each_its_own_address() -> None:
    async with started(Work(QUICK)), started(Work(QUICK, 100), OTHER):
        assert [await status("/"), await status("/", OTHER)] == [200, 500]


@in_loop
async def test_sample_tells_what_was_used_since_the_last_one() -> None:
    async with started(Work(SLOW)) as process:
        await asyncio.gather(status("/"), status("/"), status("/"))
        sample, later = await process.sample(), await process.sample()
        assert sample is not None
        assert later is not None
    assert (sample.served, later.served, later.busy_seconds) == (3, 0, 0)
    assert sample.busy_seconds == pytest.approx(0.6)
    assert sample.present_seconds >= sample.busy_seconds
    assert sample.memory_mib == 100.0


@in_loop
async def test_task_does_other_work_once_it_is_told() -> None:
    async with started(Work(QUICK)) as process:
        before = await status("/")
        await process.put_work(Work(QUICK, 100))
        assert [before, await status("/"), await status("/api/health")] == [200, 500, 200]


@in_loop
async def test_task_that_exceeds_its_memory_is_killed_as_on_fargate() -> None:
    # What a request has held counts for a while: it is the second that is too much.
    async with started(Work(HEAVY), memory_mib=105.0) as process:
        assert await status("/") == 200
        with pytest.raises(aiohttp.ClientConnectionError):
            await status("/")
        await until(lambda: process.code is not None)
        assert process.code == 137
        assert await process.sample() is None


@in_loop
async def test_task_whose_idle_memory_is_too_much_is_killed() -> None:
    async with started(Work(QUICK), memory_mib=105.0) as process:
        await process.put_work(Work(Workload(0.001, 106.0)))
        await until(lambda: process.code is not None)
        assert process.code == 137


@pytest.mark.parametrize(
    "environment",
    [{"NODE_ENV": "staging"}, {"NODE_ENV": "staging", "SENTRY_DSN": ""}],
    ids=["absent", "empty"],
)
@in_loop
async def test_task_does_not_start_without_a_variable_of_the_contract(
    environment: dict[str, str],
) -> None:
    with pytest.raises(Violation, match=r"missing environment variables: SENTRY_DSN$"):
        async with started(Work(QUICK), environment=environment):
            pytest.fail("it started")


@in_loop
async def test_task_gets_the_containers_variables_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENTRY_DSN", "the test run's own")
    with pytest.raises(Violation, match="SENTRY_DSN"):
        async with started(Work(QUICK), environment={"NODE_ENV": "staging"}):
            pytest.fail("it saw the test run's variable")


@in_loop
async def test_address_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server((loopback(PRIVATE), PORT)):
        told = f"the task with the address {PRIVATE} cannot listen on {loopback(PRIVATE)}:{PORT}"
        with pytest.raises(SuiteError, match=f"^{re.escape(told)}: Address already in use"):
            async with started(Work(QUICK)):
                pytest.fail("it listens")


@in_loop
async def test_task_that_dies_before_it_listens_is_told_in_one_line() -> None:
    process = await TaskProcess.start(definition(), APPLICATION, Work(QUICK))
    process.kill()
    with pytest.raises(Invalid, match=r"^the stand-in ended with -9 before it listened: it said"):
        await process.listen(PRIVATE, PORT, seed=1)
    await process.stop()


@in_loop
async def test_sample_of_a_task_that_hangs_is_told_once_it_goes_on() -> None:
    async with started(Work(QUICK)) as process:
        await status("/")
        os.kill(process.process_id, signal.SIGSTOP)
        assert await process.sample(0.1) is None
        os.kill(process.process_id, signal.SIGCONT)
        samples = [await process.sample(), await process.sample()]
        assert [one.served for one in samples if one] == [1, 0]


@in_loop
async def test_answers_reach_who_asked() -> None:
    async with started(Work(QUICK)) as process:
        await status("/")
        sample, told = await asyncio.gather(process.sample(), process.put_work(Work(QUICK, 100)))
        assert sample is not None
        assert (sample.served, told, await status("/")) == (1, None, 500)


@in_loop
async def test_task_that_hangs_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.load.living.tasks._STOP_SECONDS", 0.1)
    async with started(Work(QUICK)) as process:
        os.kill(process.process_id, signal.SIGSTOP)
    assert process.code == -signal.SIGKILL


STARTER = f"""
import asyncio
from tests.selftest.load.test_living_tasks import started, Work, QUICK
async def main():
    async with started(Work(QUICK), "{OTHER}") as process:
        print(process.process_id, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def test_task_ends_with_whoever_started_it() -> None:
    command = [sys.executable, "-c", STARTER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        task = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    gone, left = psutil.wait_procs([task], timeout=10)
    assert (gone, left) == ([task], [])


def test_stand_in_that_nothing_would_end_does_not_start() -> None:
    command = [sys.executable, "-m", "tests.support.standin", "--health-path", "/"]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("standin: error: standard input must be a pipe")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nonsense", "Expecting value: line 1 column 1 (char 0)"),
        ('{"dance": true}', 'cannot be told {"dance": true}'),
        ('{"workload": {"cpu": 1}}', "a workload has no cpu"),
        ('{"sample": true}', 'cannot be told {"sample": true}'),
    ],
    ids=["not-json", "unknown", "unknown-field", "not-listening-yet"],
)
def test_what_a_stand_in_cannot_be_told_is_answered_with_an_error(line: str, told: str) -> None:
    command = [sys.executable, "-m", "tests.support.standin", "--health-path", "/"]
    done = subprocess.run(
        [*command, "--listen-later"], cwd=ROOT, input=line, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[0]) == {"error": told}


def test_no_secret_is_in_what_a_definition_shows_of_itself() -> None:
    assert "hidden" not in repr(definition())


def test_application_is_the_one_that_the_catalogue_and_the_visitors_know() -> None:
    known = Application.expected()
    assert "DATABASE_URL" in known.required
    assert "NODE_ENV" in known.required
    assert known.health_path == catalogue.load().requirement("ECS-04").expected["path"]
    assert known.paths == tuple(page.path for page in traffic.load().pages)


def test_percentages_are_those_of_the_tasks_size() -> None:
    sample = Sample(1.5, 4.0, 256.0, 10, 3.0)
    assert cpu_percent(definition(), sample) == 25.0
    assert memory_percent(definition(), sample) == 25.0


def test_tasks_of_two_regions_have_other_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    here, another = loopback(PRIVATE), os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: another)
    there = loopback(PRIVATE)
    assert here != there
    assert [one.split(".")[2:] for one in (here, there)] == [["1", "4"], ["1", "4"]]


def test_minute_is_told_as_ecs_tells_it() -> None:
    service = {"ClusterName": "main", "ServiceName": "app"}
    cpu, memory = ServiceMinute(2, (10.0, 30.0), (50.0, 52.0), 7, service).data
    assert (cpu.namespace, cpu.name, cpu.values) == ("AWS/ECS", "CPUUtilization", (10.0, 30.0))
    assert (memory.name, memory.values) == ("MemoryUtilization", (50.0, 52.0))
    assert (cpu.dimensions, cpu.unit, memory.unit) == (service, "Percent", "Percent")


def test_minute_in_which_no_task_told_anything_has_no_data() -> None:
    assert ServiceMinute(0, (), ()).data == []
