"""What a run observed, as plain data, and the recorder that collects it.

A request belongs to the period in which it was *due*, so that every scheduled request of a
period is accounted for in it, answered or not.
"""

from __future__ import annotations

import errno
import math
import socket
import statistics
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Errors of this machine, not of the service: no descriptor, no address, no name. With them the
# request never had a chance to reach the service.
_LOCAL_ERRNOS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENETUNREACH}
)

TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Period:
    """One minute of the region; all times in real seconds.

    `offered` requests were due, `sent` left, `dropped` could not leave in time. `response_times`
    run from actual send to response headers, what a load balancer calls target response time;
    `waits` from intended send, what a visitor sees. `abandoned` is how long requests waited for
    headers before they were given up. `lateness` runs from intended to actual send, or to the
    moment the request was dropped. `errors` counts by reason; `local_errors` the part that never
    reached the service. `cpu_percent` is the generator's, of one core; None when it was not
    sampled.
    """

    offered: int
    sent: int
    dropped: int
    response_times: tuple[float, ...]
    waits: tuple[float, ...]
    abandoned: tuple[float, ...]
    lateness: tuple[float, ...]
    errors: Mapping[str, int]
    local_errors: Mapping[str, int]
    cpu_percent: float | None

    @property
    def samples(self) -> tuple[float, ...]:
        """What the alarm's metric is taken to hold.

        A visitor waits on where the generator gave up, so an abandoned request counts with the
        time it waited, the least that it would have taken.
        """
        return (*self.response_times, *self.abandoned)

    @property
    def missing(self) -> int:
        """How many requests were due and never left."""
        return self.offered - self.sent


@dataclass(frozen=True)
class Measured:
    """A run: its complete periods from its begin, oldest first, and whether it was cut short."""

    period_seconds: float
    periods: tuple[Period, ...]
    partial: bool = False

    @property
    def seconds(self) -> float:
        """How much time the complete periods cover."""
        return self.period_seconds * len(self.periods)


def _times() -> array[float]:
    return array("d")


@dataclass
class _Bucket:
    offered: int = 0
    sent: int = 0
    dropped: int = 0
    response_times: array[float] = field(default_factory=_times)
    waits: array[float] = field(default_factory=_times)
    abandoned: array[float] = field(default_factory=_times)
    lateness: array[float] = field(default_factory=_times)
    errors: Counter[str] = field(default_factory=Counter)
    local_errors: Counter[str] = field(default_factory=Counter)
    # Of each generator process: seconds used, and seconds in which they were.
    cpu: dict[int, tuple[float, float]] = field(default_factory=dict)


_COUNTS = ("offered", "sent", "dropped")
_TIMES = ("response_times", "waits", "abandoned", "lateness")
_REASONS = ("errors", "local_errors")
# What a part holds of one period, in plain types; times are packed as doubles.
Part = list[Any]


class Recorder:
    """Collects a run of so many periods; every `due` is in seconds since it began.

    Requests due outside of them are not recorded. One of several generator processes has its
    `worker` number; who collects from all of them says how many `workers` there are.
    """

    def __init__(
        self, period_seconds: float, periods: int, worker: int = 0, workers: int = 1
    ) -> None:
        self.period_seconds = period_seconds
        self._worker = worker
        self._workers = workers
        self._buckets = [_Bucket() for _ in range(periods)]

    def offered(self, due: float) -> None:
        """A request was due."""
        self._at(due).offered += 1

    def dropped(self, due: float, lateness: float) -> None:
        """A due request did not leave; `lateness` seconds after it was due that was decided."""
        bucket = self._at(due)
        bucket.dropped += 1
        bucket.lateness.append(lateness)

    def sent(self, due: float, lateness: float) -> None:
        """A request left, `lateness` seconds after it was due."""
        bucket = self._at(due)
        bucket.sent += 1
        bucket.lateness.append(lateness)

    def answered(self, due: float, response_time: float, wait: float) -> None:
        """Response headers came, whatever the status."""
        bucket = self._at(due)
        bucket.response_times.append(response_time)
        bucket.waits.append(wait)

    def abandoned(self, due: float, waited: float) -> None:
        """No response headers came in `waited` seconds, and nobody waits for them any more."""
        self._at(due).abandoned.append(waited)

    def failed(self, due: float, reason: str, local: bool = False) -> None:
        """The request did not end as the traffic file expects."""
        bucket = self._at(due)
        bucket.errors[reason] += 1
        bucket.local_errors[reason] += local

    def cpu(self, now: float, used_seconds: float, sampled_seconds: float) -> None:
        """The generator used this much processor time in the interval that ended `now`."""
        self._add_cpu(self._at(now), self._worker, used_seconds, sampled_seconds)

    def take(self) -> list[Part]:
        """What has been recorded since the last time, which `add` puts into another recorder.

        Plain types only, so that it can be sent to another process.
        """
        taken = {index: bucket for index, bucket in enumerate(self._buckets) if bucket != _Bucket()}
        for index in taken:
            self._buckets[index] = _Bucket()
        return [[index, _packed(bucket)] for index, bucket in taken.items()]

    def add(self, parts: Iterable[Part]) -> None:
        """Put in what another recorder of the same periods has given up."""
        for index, packed in parts:
            bucket = self._buckets[index]
            for name in _COUNTS:
                setattr(bucket, name, getattr(bucket, name) + packed[name])
            for name in _TIMES:
                getattr(bucket, name).frombytes(packed[name])
            for name in _REASONS:
                getattr(bucket, name).update(packed[name])
            for worker, used, sampled in packed["cpu"]:
                self._add_cpu(bucket, worker, used, sampled)

    def measured(self, complete_periods: int, partial: bool) -> Measured:
        """The first `complete_periods` periods as frozen data."""
        done = tuple(self._freeze(bucket) for bucket in self._buckets[:complete_periods])
        return Measured(self.period_seconds, done, partial)

    def period(self, now: float) -> Period:
        """What the period around `now`, or the nearest one, holds so far."""
        index = math.floor(now / self.period_seconds)
        return self._freeze(self._buckets[min(max(index, 0), len(self._buckets) - 1)])

    def _at(self, due: float) -> _Bucket:
        index = math.floor(due / self.period_seconds)
        return self._buckets[index] if 0 <= index < len(self._buckets) else _Bucket()

    @staticmethod
    def _add_cpu(bucket: _Bucket, worker: int, used: float, sampled: float) -> None:
        before = bucket.cpu.get(worker, (0.0, 0.0))
        bucket.cpu[worker] = (before[0] + used, before[1] + sampled)

    def _freeze(self, bucket: _Bucket) -> Period:
        values: dict[str, Any] = {
            **{name: getattr(bucket, name) for name in _COUNTS},
            **{name: tuple(getattr(bucket, name)) for name in _TIMES},
        }
        return Period(
            **values,
            errors=dict(bucket.errors),
            local_errors=dict(+bucket.local_errors),
            cpu_percent=self._busiest(bucket),
        )

    def _busiest(self, bucket: _Bucket) -> float | None:
        """Of the generators the one that used most: of one that was not sampled nothing is known"""
        percents = [_percent(*times) for times in bucket.cpu.values()]
        known = [percent for percent in percents if percent is not None]
        return max(known) if known and len(known) == self._workers else None


def reason_of(error: BaseException) -> tuple[str, bool]:
    """A failed request's reason in a few words, and whether it never left this machine.

    The HTTP client wraps some errors in its own and keeps them as `original`.
    """
    error = getattr(error, "original", None) or error
    if isinstance(error, ConnectionRefusedError):
        return "connection refused", False
    if isinstance(error, socket.gaierror):
        return "name not resolved", True
    if isinstance(error, TimeoutError):
        return TIMED_OUT, False
    number = getattr(error, "errno", None)
    if number in _LOCAL_ERRNOS:
        return f"{errno.errorcode[number]} in the generator", True
    return type(error).__name__, False


def quantile(values: Sequence[float], fraction: float) -> float:
    """The nearest-rank quantile; 0 for no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)] if ordered else 0.0


def mean(values: Sequence[float]) -> float | None:
    """The mean, or None for no values: no data is never a number."""
    return statistics.fmean(values) if values else None


def total(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Counts by reason, added up over periods; reasons counted zero times are left out."""
    added: Counter[str] = Counter()
    for count in counts:
        added.update(count)
    return +added


def _packed(bucket: _Bucket) -> dict[str, Any]:
    return {
        **{name: getattr(bucket, name) for name in _COUNTS},
        **{name: getattr(bucket, name).tobytes() for name in _TIMES},
        **{name: dict(+getattr(bucket, name)) for name in _REASONS},
        "cpu": [[worker, *times] for worker, times in bucket.cpu.items()],
    }


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None
