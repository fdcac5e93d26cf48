"""Forecasts whose numbers can be reckoned by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.load import forecast
from tests.load.service import region
from tests.load.service.forecast import forecast as of_rate
from tests.load.service.workload import CPU, MEMORY, PUBLISHED_AS, REQUESTS, Workload, steady
from tests.selftest.load import regions
from tests.selftest.load.regions import WORK
from tests.support import metrics
from tests.support.alarms import Alarm, State
from tests.support.outcomes import SuiteError
from tests.support.scaling import Scaling
from tests.support.scaling_policy import Policy

pytestmark = pytest.mark.selftest


# 60 λ / 1000 tasks by requests; λ d / (0.7 × 2 vCPUs) by CPU.
@pytest.mark.parametrize(
    ("rate", "seconds", "by_requests", "by_cpu", "binds"),
    [
        (50, 0.02, 3, 1, REQUESTS),
        (50, 0.08, 3, 3, REQUESTS),
        (50, 0.085, 3, 4, CPU),
        (50.1, 0.02, 4, 1, REQUESTS),
        (500, 0.08, 30, 29, REQUESTS),
        (10, 0.08, 1, 1, "minimum"),
        (0.1, 0.08, 1, 1, "minimum"),
    ],
)
def test_each_policy_asks_for_its_tasks(
    rate: float, seconds: float, by_requests: int, by_cpu: int, binds: str
) -> None:
    found = of_rate(regions.region(), Workload(seconds, 1024), rate)
    assert found.needed == {CPU: by_cpu, MEMORY: 1, REQUESTS: by_requests}
    assert found.binds == binds


# 80 % of 4096 MiB less 1024 is 2252.8 for requests; 25 requests/s of 1 s and 400 MiB each fill
# 10,000, where nothing waits.
def test_memory_is_that_of_the_requests_present() -> None:
    work = Workload(0.001, 1024, other_seconds=0.999, request_memory_mib=400)
    found = of_rate(regions.region(), work, 25)
    assert (found.needed[MEMORY], found.binds) == (5, MEMORY)


def test_an_endless_queue_fills_any_memory() -> None:
    found = of_rate(regions.region(), Workload(0.08, 0, request_memory_mib=1), 50)
    assert found.needed[MEMORY] == 3


def test_no_number_of_tasks_is_enough_for_idle_memory_above_the_target() -> None:
    found = of_rate(regions.region(), Workload(0.08, 3300), 10)
    assert (found.needed[MEMORY], found.binds, found.holds) == (None, MEMORY, False)
    assert (found.tasks, found.carries) == (6, 0)


@pytest.mark.parametrize(("idle", "kept"), [(2949, ()), (2950, (MEMORY,))])
def test_idle_memory_near_the_target_keeps_the_service_from_scaling_in(
    idle: float, kept: tuple[str, ...]
) -> None:
    assert of_rate(regions.region(), Workload(0.08, idle), 10).never_scale_in == kept


def test_a_policy_without_scale_in_keeps_no_other_from_it() -> None:
    policies = (Policy.tracking(CPU, 70, 60, 300), Policy.tracking(MEMORY, 80, 60, 300, True))
    found = of_rate(regions.region(scaling=Scaling(policies)), Workload(0.08, 3000), 10)
    assert found.never_scale_in == ()


# M/M/2: the response is d / (1 − ρ²).
@pytest.mark.parametrize(
    ("rate", "tasks", "response"), [(50, 3, 0.08 / (1 - (2 / 3) ** 2)), (300, 6, math.inf)]
)
def test_the_service_settles_within_its_bounds(rate: float, tasks: int, response: float) -> None:
    found = of_rate(regions.region(), WORK, rate)
    assert found.tasks == tasks
    assert found.response_seconds == pytest.approx(response)
    assert found.holds == (response < 0.5)


# The alarm asks for d / (1 − ρ²) ≤ 0.5 s: ρ ≤ 0.9165, so 2 tasks of 2 vCPUs carry 45.8 requests/s.
@pytest.mark.parametrize(("rate", "tasks"), [(45.8, 2), (45.9, 3)])
def test_a_quiet_alarm_needs_its_tasks(rate: float, tasks: int) -> None:
    assert of_rate(regions.region(), WORK, rate).for_response == tasks


@pytest.mark.parametrize(("rate", "state"), [(137.4, State.OK), (137.6, State.ALARM)])
def test_the_alarm_is_that_of_the_largest_service(rate: float, state: State) -> None:
    found = of_rate(regions.region(), WORK, rate)
    assert (found.alarm, found.tasks, found.holds) == (state, 6, False)


@pytest.mark.parametrize(
    ("work", "carries"),
    [
        (Workload(0.02, 1024), 100.0),  # 6 × 1000 / 60 by requests
        (Workload(0.2, 1024), 42.0),  # 6 × 1.4 / 0.2 by CPU
        (Workload(0.02, 1024, other_seconds=0.6), 0.0),  # no rate lets the alarm be quiet
    ],
    ids=str,
)
def test_the_largest_service_carries_what_its_first_limit_allows(
    work: Workload, carries: float
) -> None:
    assert of_rate(regions.region(), work, 10).carries == carries


def test_a_load_that_comes_at_once_raises_the_alarm_until_tasks_have_started() -> None:
    found = of_rate(regions.region(), WORK, 60)
    # In ALARM from the second minute to the seventh, which is the first without a backlog. Working
    # it off asks for six tasks from the ninth minute; fifteen minutes later four are left.
    assert (found.alarm, found.alarm_minutes) == (State.OK, 6)
    assert (found.tasks, found.settled_after) == (4, 23)


def test_a_task_with_half_a_vcpu_is_half_as_fast() -> None:
    half = steady(regions.region(vcpus=0.5), WORK, 1, 1)
    assert half.values[CPU] == pytest.approx(16)
    assert half.response_seconds == pytest.approx(0.16 / (1 - 0.16))


@pytest.mark.parametrize("metric", PUBLISHED_AS.values(), ids=str)
def test_what_a_policy_tracks_is_a_metric_that_aws_publishes(metric: tuple[str, str]) -> None:
    assert metrics.load().find(*metric).statistics


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"watched": ()}, "has no alarm"),
        ({"scaling": Scaling((Policy.tracking("QueueLength", 5, 60, 300),))}, "QueueLength"),
    ],
    ids=["no alarm", "unknown metric"],
)
def test_what_cannot_be_forecast_is_refused(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(SuiteError, match=problem):
        of_rate(regions.region(**changed), WORK, 10)


def test_an_alarm_on_a_percentile_is_refused() -> None:
    slowest = Alarm(0.5, "GreaterThanThreshold", "p99", 60, 2, 2)
    watched = (region.Watched(regions.RESPONSE, "AWS/ApplicationELB", "X", slowest),)
    with pytest.raises(SuiteError, match="on p99: only means"):
        of_rate(regions.region(watched=watched), WORK, 10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cpu_seconds": 0},
        {"cpu_seconds": math.nan},
        {"other_seconds": -1},
        {"variation": math.inf},
        {"request_memory_mib": -1},
    ],
    ids=str,
)
def test_numbers_that_describe_no_work_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SuiteError, match="give"):
        Workload(**{"cpu_seconds": 0.1, "idle_memory_mib": 0, **wrong})


# --- The command


@pytest.fixture
def of_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of planning the stack: the region of plain numbers."""
    monkeypatch.setattr(region, "of_stack", lambda *_: [regions.region()])


@pytest.mark.usefixtures("of_stack")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 0, ["staging: 50 requests/s", "3 tasks", "0.144 s", "holds"]),
        (["--times", "10"], 1, ["500 requests/s", "30 by ALB", "without end", "DOES NOT HOLD"]),
        (["--rate", "10", "--times", "2"], 0, ["staging: 20 requests/s", "binds          minimum"]),
        (["--idle-memory", "3000"], 0, ["never in       an idle task keeps ECSServiceAverageMem"]),
        (["--service-time", "0.6", "--cpu-time", "0.02"], 1, ["ALARM; in ALARM", "DOES NOT"]),
        (["--idle-memory", "4000"], 1, ["no number is enough by ECSServiceAverageMemory"]),
    ],
    ids=str,
)
def test_the_command_tells_what_holds(
    arguments: list[str], code: int, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert forecast.main(arguments) == code
    told = capsys.readouterr().out
    assert [word for word in words if word not in told] == []


@pytest.mark.usefixtures("of_stack")
def test_json_has_null_for_what_has_no_end(capsys: pytest.CaptureFixture[str]) -> None:
    forecast.main(["--times", "10", "--json"])
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["response_seconds"], found["holds"], found["rate"]) == (None, False, 500)


def told_one_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The error of a command that could forecast nothing."""
    assert forecast.main(arguments) == forecast.NOT_FORECAST
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    return told.err


def test_a_stack_that_is_not_there_gets_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert told_one_error(["--stack", "/nonexistent"], capsys).startswith("error: ")


@pytest.mark.usefixtures("of_stack")
def test_more_cpu_than_time_gets_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    told = told_one_error(["--cpu-time", "2"], capsys)
    assert told == "error: --cpu-time 2 is more than a request takes, 0.08 s\n"


@pytest.mark.usefixtures("of_stack")
def test_measured_times_give_mean_and_variation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = tmp_path / "times"
    times.write_text("0.08\n" * 10)
    assert forecast.main(["--measured", str(times)]) == forecast.HOLDS
    # Constant times halve the wait of M/M/2: 0.08 × (1 + 0.8 / 2).
    assert "mean response  0.112 s" in capsys.readouterr().out


@pytest.mark.usefixtures("of_stack")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0.1\nsoon\n", ":2: 'soon' is no number of seconds above 0 and up to 1e+09\n"),
        ("0.1\n-1\n", ":2: '-1' is no number of seconds above 0 and up to 1e+09\n"),
        ("1e308\n", ":1: '1e308' is no number of seconds above 0 and up to 1e+09\n"),
        ("nan\n", ":1: 'nan' is no number of seconds above 0 and up to 1e+09\n"),
        ("", ": no service time in it: put one, in seconds, on each line\n"),
    ],
    ids=repr,
)
def test_times_that_are_none_are_told_by_line(
    text: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = tmp_path / "times"
    times.write_text(text)
    assert told_one_error(["--measured", str(times)], capsys) == f"error: {times}{problem}"


@pytest.mark.usefixtures("of_stack")
def test_times_that_are_not_there_get_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    told = told_one_error(["--measured", "/nonexistent"], capsys)
    assert told == "error: /nonexistent: cannot be read as text\n"


def test_an_interrupt_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(region, "of_stack", interrupted)
    assert told_one_error([], capsys) == "error: interrupted\n"


def interrupted(*_: object) -> NoReturn:
    """As Ctrl-C while Terraform plans."""
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "arguments",
    [["--times", "0"], ["--times", "x"], ["--rate", "nan"], ["--variation", "-1"],
     ["--times", "1e200"], ["--service-time", "1e308"], ["--idle-memory", "1e308"],
     ["--environment", "moon"]],
    ids=str,
)  # fmt: skip
def test_bad_usage_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        forecast.main(arguments)
    assert refused.value.code == 2
    assert f"argument {arguments[0]}: " in capsys.readouterr().err
