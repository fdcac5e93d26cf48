"""What a run says of the response-time alarm: quiet, going off in time, telling, recovering.

Pure: a run as data in, a judgement out. Where only the evaluation range decides, which AWS does
not tell, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.load.generator.measure import Measured
from tests.load.observation.observed import MINUTE, Change, Observed
from tests.load.service.region import Region
from tests.load.verdict import gate
from tests.load.verdict.evidence import Expected, Run, gaps
from tests.load.verdict.gate import Judgement
from tests.support import alarms
from tests.support.alarms import INDETERMINATE, Alarm, State
from tests.support.report import Verdict

# Times in the alarm's history are cut to a thousandth of a second.
_ROUNDING = 1.0


def quiet(run: Run, _: Expected) -> Judgement:
    """LOAD-02: in the judged minutes neither the client nor the service saw the alarm go off.

    Without anything deployed to read, the client's view alone is judged, and said to be.
    """
    alarm, periods = run.plan.alarm, run.measured.periods
    seen = tuple(periods[n] for n in run.scenario.judged if n < len(periods))
    judged = Measured(run.measured.period_seconds, seen, run.measured.partial)
    client = gate.judge(alarm, judged, run.plan.traffic, min(run.scenario.judged, default=0))
    if client.outcome is not Verdict.passed:
        return client
    if run.observed is None:
        return _and(client, Verdict.passed, "by the client's view alone: nothing deployed was read")
    outcome, actual = _service_quiet(run, alarm, run.observed)
    return _and(client, outcome, actual)


def goes_off(run: Run, expected: Expected, observed: Observed) -> Judgement:
    """LOAD-07: the first ALARM comes once M of N minutes are over, and little later."""
    alarm, latest = run.plan.alarm, int(expected["latest_minutes"])
    wanted = (
        f"ALARM once {alarm.datapoints_to_alarm} of {alarm.evaluation_periods} minutes are over"
        f" {alarm.threshold:g} s, at most {latest} min later and no sooner"
    )

    def so(outcome: Verdict, actual: str) -> Judgement:
        return Judgement(outcome, wanted, actual)

    if observed.state is State.ALARM:
        return so(Verdict.invalid, "the alarm was in ALARM before the run")
    due, went = _due(alarm, observed.points), _alarmed(observed)
    if went is not None and _open(alarm, observed, went, due):
        return so(
            Verdict.invalid, f"{gate.clock(went.at)}: only AWS's evaluation range can tell when due"
        )
    if due is None:
        slow = _over(alarm, observed.points)
        if went is not None:
            return so(
                Verdict.failed, f"ALARM at {gate.clock(went.at)}, though {slow or 'none'} was over"
            )
        missing = gaps(observed.points)
        lost = f"; no data in {missing}" if missing else ""
        return so(Verdict.invalid, f"too few minutes were over: {slow or 'none'}{lost}")
    slow, end = _over(alarm, observed.points[: due + 1]), (due + 1) * MINUTE
    if went is None:
        if len(observed.minutes) - due - 1 < latest:
            return so(Verdict.invalid, f"{slow}, and the run ended too soon after")
        return so(Verdict.failed, f"{slow}, and the alarm stayed {observed.state}")
    if went.at < end - _ROUNDING:
        return so(Verdict.failed, f"ALARM at {gate.clock(went.at)} already; {slow}")
    late = went.at - end
    if late > latest * MINUTE:
        return so(Verdict.failed, f"{slow}, ALARM only {late / MINUTE:.1f} min later")
    return so(Verdict.passed, f"{slow} → ALARM at {gate.clock(went.at)}, {late:.0f} s later")


def message_arrives(run: Run, _: Expected, observed: Observed) -> Judgement:
    """LOAD-08: what the alarm does on ALARM succeeded, and somebody is subscribed."""
    wanted = "every topic of the alarm took the message, and a subscriber gets it"

    def so(outcome: Verdict, actual: str) -> Judgement:
        return Judgement(outcome, wanted, actual)

    went = _alarmed(observed)
    if went is None:
        return so(Verdict.invalid, "the alarm did not go off: there was no message")
    end = next((one.at for one in observed.changes if one.at > went.at), went.at + 10 * MINUTE)
    told = [one for one in observed.actions if went.at - _ROUNDING <= one.at < end]
    if not told:
        return so(Verdict.failed, f"ALARM at {gate.clock(went.at)}, and nothing was told")
    if failed := [one.arn for one in told if not one.succeeded]:
        return so(Verdict.failed, f"{', '.join(failed)} did not take the message")
    if not observed.subscribers:
        return so(Verdict.failed, f"{told[0].arn} took it and nobody is subscribed")
    if observed.messages is not None and State.ALARM not in observed.messages:
        return so(Verdict.failed, f"{told[0].arn} took it and the subscriber got nothing")
    heard = "" if observed.messages is None else ", and a queue of the run's own got it"
    topics = ", ".join(sorted({one.arn for one in told}))
    people = len(observed.subscribers)
    return so(Verdict.passed, f"{topics} took it, {people} subscribed{heard}")


def recovers(run: Run, expected: Expected, observed: Observed) -> Judgement:
    """LOAD-09, LOAD-11: the alarm is OK so many minutes after the stage that raised it has ended.

    One that did not go off has nothing to recover from, so LOAD-09 cannot pass; LOAD-11 does where
    the alarm was not due either, and was OK to the end.
    """
    within = int(expected["recovers_within_minutes"])
    wanted = f"OK at most {within} min after the load is as before"

    def so(outcome: Verdict, actual: str) -> Judgement:
        return Judgement(outcome, wanted, actual)

    went = _alarmed(observed)
    if went is None:
        if run.scenario.name == "breach":
            return so(Verdict.invalid, "the alarm did not go off: there is nothing to recover from")
        return so(*_stayed_ok(run.plan.alarm, observed))
    ended = _ended(run, observed, went)
    back = next(
        (one for one in observed.changes if one.at > went.at and one.after is State.OK), None
    )
    if back is None:
        state = observed.state_at(len(observed.minutes) * MINUTE)
        if (len(observed.minutes) - ended) < within:
            return so(Verdict.invalid, f"{state} when the run ended, too soon to tell")
        return so(Verdict.failed, f"still {state} {len(observed.minutes) - ended} min later")
    took = back.at / MINUTE - ended
    told = f"ALARM at {gate.clock(went.at)}, OK at {gate.clock(back.at)}"
    if took > within:
        return so(Verdict.failed, f"{told}, {took:.1f} min after the load was as before")
    again = [one for one in observed.changes if one.at > back.at and one.after is State.ALARM]
    if again:
        return so(Verdict.failed, f"{told}, and ALARM again at {gate.clock(again[0].at)}")
    return so(Verdict.passed, told)


def _stayed_ok(alarm: Alarm, observed: Observed) -> tuple[Verdict, str]:
    """Whether an alarm that did not go off had no reason to, and could have."""
    if observed.state is State.ALARM:
        return Verdict.invalid, "the alarm was in ALARM before the run"
    due = _due(alarm, observed.points)
    if due is not None:
        slow = _over(alarm, observed.points[: due + 1])
        return Verdict.failed, f"by the service's own metric {slow} → ALARM, which did not go off"
    if missing := gaps(observed.points):
        return Verdict.invalid, f"the service's own metric has no data in {missing}"
    now = observed.state_at(len(observed.minutes) * MINUTE + MINUTE / 2)
    if now is not State.OK:
        return Verdict.invalid, f"the deployed alarm ended in {now}"
    return Verdict.passed, "the alarm was not due and did not go off"


def headroom(run: Run, observed: Observed, region: Region) -> dict[str, float | None]:
    """What is left in the judged minutes: percent of the threshold, percent of the capacity.

    The capacity is used up when as many tasks as are allowed have reached a target that falls as
    tasks are added, in the minute that is nearest to it. Memory is held by idle tasks too and
    does not fall that way, so it is left out.
    """
    minutes = [observed.minutes[n] for n in run.scenario.judged if n < len(observed.minutes)]
    means = [one.response_seconds for one in minutes if one.response_seconds is not None]
    used = [
        (one.running or 0) * (one.values.get(policy.metric) or 0) / policy.target
        for one in minutes
        for policy in region.scaling.policies
        if "Memory" not in policy.metric
    ]
    threshold = run.plan.alarm.threshold
    return {
        "threshold_percent": 100 * (1 - max(means) / threshold) if means else None,
        "capacity_percent": 100 * (1 - max(used) / region.capacity.maximum) if used else None,
    }


def told_headroom(left: dict[str, float | None]) -> str:
    """The headroom in words."""
    said = [
        f"{value:.0f} % of the {name.removesuffix('_percent')}"
        for name, value in left.items()
        if value is not None
    ]
    return f"left: {', '.join(said) or 'unknown'}"


def _service_quiet(run: Run, alarm: Alarm, observed: Observed) -> tuple[Verdict, str]:
    window = [n for n in run.scenario.judged if n < len(observed.minutes)]
    begin, end = window[0] * MINUTE, (window[-1] + 1) * MINUTE + MINUTE / 2
    if observed.state_at(begin) is State.ALARM:
        return Verdict.invalid, "the alarm was in ALARM before the judged minutes"
    went = [one for one in observed.changes if begin < one.at < end and one.after is State.ALARM]
    if went:
        return Verdict.failed, f"the deployed alarm went to ALARM at {gate.clock(went[0].at)}"
    points = [observed.points[n] for n in window]
    if missing := gaps(points, window[0]):
        return Verdict.invalid, f"the service's own metric has no data in {missing}"
    states = gate.judged_states(alarm, points)
    if State.ALARM in states:
        at = window[states.index(State.ALARM)]
        slow = _over(alarm, observed.points[: at + 1])
        return Verdict.failed, f"by the service's own metric {slow} → ALARM, which did not go off"
    now = observed.state_at(end)
    if now is not State.OK:
        return Verdict.invalid, f"the deployed alarm ended in {now}"
    highest = max(point for point in points if point is not None)
    said = f"by the service's own metric at most {highest:.3f} s, the deployed alarm OK"
    left = told_headroom(headroom(run, observed, run.region)) if run.region else ""
    return Verdict.passed, f"{said}; {left}" if left else said


def _and(judgement: Judgement, outcome: Verdict, actual: str) -> Judgement:
    return Judgement(
        outcome,
        judgement.expected,
        f"{judgement.actual}; {actual}",
        judgement.points,
        judgement.states,
    )


def _due(alarm: Alarm, points: Sequence[float | None]) -> int | None:
    """The first minute after which M of the latest N have data and are over the threshold."""
    for end in range(1, len(points) + 1):
        latest = points[max(0, end - alarm.evaluation_periods) : end]
        over = sum(value is not None and alarm.breaches(value) for value in latest)
        if over >= alarm.datapoints_to_alarm:
            return end - 1
    return None


def _alarmed(observed: Observed) -> Change | None:
    return next((one for one in observed.changes if one.after is State.ALARM), None)


def _open(alarm: Alarm, observed: Observed, went: Change, due: int | None) -> bool:
    """Whether what was due up to the change depends on how many points AWS looks at."""
    until = max(int(went.at // MINUTE), 0 if due is None else due + 1)
    answers = alarms.answers(alarm, observed.points[:until], observed.state)
    return INDETERMINATE in answers


def _ended(run: Run, observed: Observed, went: Change) -> int:
    """The minute in which the stage that raised the alarm was over."""
    due = _due(run.plan.alarm, observed.points)
    first = (int(went.at // MINUTE) if due is None else due) - run.plan.alarm.evaluation_periods + 1
    windows = [window for _, window in run.scenario.windows()]
    return next((one.stop for one in windows if max(first, 0) in one), windows[-1].stop)


def _over(alarm: Alarm, points: Sequence[float | None]) -> str:
    return ", ".join(
        f"minute {n}: {value:.3f} s"
        for n, value in enumerate(points, 1)
        if value is not None and alarm.breaches(value)
    )
