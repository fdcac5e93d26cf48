"""Why an alarm came into a state, as CloudWatch words it in DescribeAlarms and in its history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.support.alarms import Alarm, Missing, State

_COMPARED = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {Missing.BREACHING: "Breaching", Missing.NOT_BREACHING: "NonBreaching"}


def sentence(alarm: Alarm, state: State, points: Sequence[float | None], end: float) -> str:
    """Why the alarm came into the state, in CloudWatch's words."""
    known = [(moment, value) for moment, value in _dated(alarm, points, end) if value is not None]
    number = alarm.evaluation_periods
    if state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {number} datapoints were unknown."
    if not known:
        treated = _TREATED.get(alarm.treat_missing_data, "Missing")
        return (
            f"Threshold Crossed: no datapoints were received for {number} periods and {number} "
            f"missing datapoints were treated as [{treated}]."
        )
    latest = known[-number:]
    breaching = [(moment, value) for moment, value in latest if alarm.breaches(value)]
    good = [pair for pair in latest if pair not in breaching]
    shown = breaching if state is State.ALARM else good or latest
    listed = ", ".join(f"{value} ({moment:%d/%m/%y %H:%M:%S})" for moment, value in shown)
    verb = "was" if len(shown) == 1 else "were"
    least, change = alarm.datapoints_to_alarm, "OK -> ALARM"
    if state is State.OK:
        verb, least, change = f"{verb} not", number - least + 1, "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(shown)} out of the last {len(latest)} datapoints [{listed}] "
        f"{verb} {_COMPARED[alarm.comparison_operator]} the threshold ({alarm.threshold}) "
        f"(minimum {least} datapoint{'' if least == 1 else 's'} for {change} transition)."
    )


def data(alarm: Alarm, points: Sequence[float | None], end: float) -> str:
    """The same as JSON, as DescribeAlarms has it in StateReasonData."""
    dated = _dated(alarm, points, end)
    known = [(moment, value) for moment, value in dated if value is not None]
    latest = known[-alarm.evaluation_periods :]
    described = {
        "version": "1.0",
        "queryDate": _time(datetime.fromtimestamp(end, UTC)),
        "statistic": alarm.statistic,
        "period": alarm.period_seconds,
        "recentDatapoints": [value for _, value in latest],
        "threshold": alarm.threshold,
        "evaluatedDatapoints": [
            {"timestamp": _time(moment), "value": value} for moment, value in reversed(latest)
        ],
    }
    started = {"startDate": _time(latest[0][0])} if latest else {}
    return json.dumps({**described, **started})


def _dated(
    alarm: Alarm, points: Sequence[float | None], end: float
) -> list[tuple[datetime, float | None]]:
    """Each point with the begin of its period."""
    begins = [end - alarm.period_seconds * back for back in range(len(points), 0, -1)]
    dates = [datetime.fromtimestamp(one, UTC) for one in begins]
    return list(zip(dates, points, strict=True))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000+0000"
