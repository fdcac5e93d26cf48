"""The targets of a target group: their health, whose turn it is, and how they leave.

Sources, in the Elastic Load Balancing user guide for Application Load Balancers:
- "Health checks for target groups": a target is `initial` until it passes one check ("After your
  target is registered, it must pass one health check to be considered healthy"); afterwards the
  thresholds of consecutive checks decide. "Each health check request is independent [...] The time
  that it takes for the target to respond does not affect the interval for the next". The connection
  is closed after each check. "If a target group contains only unhealthy registered targets, the
  load balancer routes requests to all those targets, regardless of their health status" (it fails
  open); here that includes those in their initial state.
- "Edit target group attributes", deregistration delay: no new requests; `draining` until the delay
  is over, whether or not a request is under way; then `unused`. A request still under way ends with
  502 ("Troubleshoot": "The deregistration delay period elapsed for a request being handled").

Intervals and the delay pass on the region's clock. What a request meets is in real seconds: the
check's timeout, and the time that a request under way is given while its target drains. A target
stays `draining` until that request has ended or the delay has also passed in real seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from tests.load.living.clock import Clock
from tests.load.living.modelled import only
from tests.support.outcomes import SuiteError

State = Literal["initial", "healthy", "unhealthy", "draining", "unused"]
_ALGORITHM = "load_balancing.algorithm.type"
_FEWEST = "least_outstanding_requests"
_DELAY = "deregistration_delay.timeout_seconds"
_CHECKER = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}


@dataclass(frozen=True)
class Endpoint:
    """Where a target listens, and its availability zone."""

    address: str
    port: int
    zone: str


@dataclass(frozen=True)
class Settings:
    """Of a target group: its checks, how requests are spread, how targets leave; in seconds.

    `port` is that of the checks, None for the target's own; `matcher` holds the codes that pass.
    """

    path: str
    port: int | None
    interval: float
    timeout: float
    passes: int
    failures: int
    matcher: frozenset[int]
    fewest_first: bool
    delay: float

    @classmethod
    def of(cls, group: Mapping[str, Any], attributes: Mapping[str, str]) -> Settings:
        """From DescribeTargetGroups and the attributes. Raises SuiteError: what is not modelled."""
        where = group["TargetGroupArn"]
        only(where, "target type", group.get("TargetType", "instance"), "ip")
        only(where, "protocol", group.get("Protocol"), "HTTP")
        only(where, "protocol version", group.get("ProtocolVersion") or "HTTP1", "HTTP1")
        only(where, "health checks enabled", group.get("HealthCheckEnabled", True), True)
        only(where, "health check protocol", group.get("HealthCheckProtocol", "HTTP"), "HTTP")
        port = group.get("HealthCheckPort", "traffic-port")
        algorithm = attributes.get(_ALGORITHM, "round_robin")
        only(where, _ALGORITHM, algorithm, "round_robin", _FEWEST)
        return cls(
            path=group.get("HealthCheckPath", "/"),
            port=None if port == "traffic-port" else int(port),
            interval=float(group["HealthCheckIntervalSeconds"]),
            timeout=float(group["HealthCheckTimeoutSeconds"]),
            passes=int(group["HealthyThresholdCount"]),
            failures=int(group["UnhealthyThresholdCount"]),
            matcher=_codes(where, group.get("Matcher", {}).get("HttpCode", "200")),
            fewest_first=algorithm == _FEWEST,
            delay=float(attributes.get(_DELAY, "300")),
        )


def _codes(where: str, matcher: str) -> frozenset[int]:
    """The codes of "200", "200,202" or "200-299"."""
    codes: set[int] = set()
    try:
        for part in matcher.split(","):
            low, _, high = part.partition("-")
            codes.update(range(int(low), int(high or low) + 1))
    except ValueError:
        raise SuiteError(f"{where}: matcher {matcher}: not codes of HTTP") from None
    return frozenset(codes)


@dataclass(eq=False)
class Target:
    """A registered target: `passed` and `failed` are how many checks in a row.

    `under_way` holds what ends each request that it is handling.
    """

    endpoint: Endpoint
    state: State = "initial"
    passed: int = 0
    failed: int = 0
    under_way: set[asyncio.Timeout] = field(default_factory=set)
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def checked(self, passed: bool, settings: Settings) -> None:
        """Judge its state anew after a check."""
        self.passed = self.passed + 1 if passed else 0
        self.failed = 0 if passed else self.failed + 1
        if self.passed >= (1 if self.state == "initial" else settings.passes):
            self.state = "healthy"
        elif self.failed >= settings.failures:
            self.state = "unhealthy"

    @contextlib.contextmanager
    def handling(self, end: asyncio.Timeout) -> Iterator[None]:
        """While this runs a request is under way, which `end` ends when it is rescheduled."""
        self.under_way.add(end)
        self.idle.clear()
        try:
            yield
        finally:
            self.under_way.discard(end)
            if not self.under_way:
                self.idle.set()

    def cut(self) -> None:
        """End every request under way."""
        for end in self.under_way:
            end.reschedule(asyncio.get_running_loop().time())


class TargetGroup:
    """Registers, checks, chooses and drains. Use within a running event loop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._targets: dict[Endpoint, Target] = {}
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self._serving: list[Target] = []
        self._turn = 0
        self._most_unhealthy: Counter[str] = Counter()

    def register(self, endpoint: Endpoint) -> None:
        """Begin to check it, a draining one too; nothing happens if it is registered."""
        known = self._targets.get(endpoint)
        if known and known.state != "draining":
            return
        if known:
            self._tasks.pop(known).cancel()
        target = self._targets[endpoint] = Target(endpoint)
        target.idle.set()
        self._tasks[target] = asyncio.create_task(self._watch(target))
        self._changed()

    def deregister(self, endpoint: Endpoint) -> None:
        """Send it nothing new, and forget it after the delay; nothing happens if it is unknown."""
        target = self._targets.get(endpoint)
        if target and target.state != "draining":
            self._tasks.pop(target).cancel()
            target.state = "draining"
            self._tasks[target] = asyncio.create_task(self._drain(target))
            self._changed()

    def health(self, endpoint: Endpoint) -> State:
        """Its state; `unused` when it is not registered."""
        target = self._targets.get(endpoint)
        return target.state if target else "unused"

    def choose(self) -> Target | None:
        """The target whose turn it is; None when none is registered."""
        if not self._serving:
            return None
        self._turn = (self._turn + 1) % len(self._serving)
        if self._settings.fewest_first:
            by_turn = self._serving[self._turn :] + self._serving[: self._turn]
            return min(by_turn, key=lambda target: len(target.under_way))
        return self._serving[self._turn]

    def take_hosts(self) -> dict[str, tuple[int, int, int]]:
        """By zone: registered, healthy, and the most unhealthy ones since the last call."""
        registered = self._by_zone("initial", "healthy", "unhealthy")
        healthy, most = self._by_zone("healthy"), self._most_unhealthy
        self._most_unhealthy = self._by_zone("unhealthy")
        zones = registered.keys() | most.keys()
        return {zone: (registered[zone], healthy[zone], most[zone]) for zone in sorted(zones)}

    async def stop(self) -> None:
        """Stop checking and draining, and end what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for target in self._targets.values():
            target.cut()
        self._tasks, self._targets, self._serving = {}, {}, []

    def _by_zone(self, *states: State) -> Counter[str]:
        return Counter(t.endpoint.zone for t in self._targets.values() if t.state in states)

    def _changed(self) -> None:
        self._most_unhealthy |= self._by_zone("unhealthy")
        registered = [target for target in self._targets.values() if target.state != "draining"]
        healthy = [target for target in registered if target.state == "healthy"]
        self._serving = healthy or registered

    async def _watch(self, target: Target) -> None:
        """Check at each interval, however long the checks take."""
        due = self._clock.now()
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout)
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            asyncio.TaskGroup() as checks,
        ):
            while True:
                checks.create_task(self._check(target, session))
                # Checks that this process was too late for are left out.
                due = max(due + self._settings.interval, self._clock.now())
                await self._clock.sleep_until(due)

    async def _check(self, target: Target, session: aiohttp.ClientSession) -> None:
        endpoint, settings = target.endpoint, self._settings
        url = f"http://{endpoint.address}:{settings.port or endpoint.port}{settings.path}"
        try:
            async with session.get(url, headers=_CHECKER, allow_redirects=False) as answer:
                passed = answer.status in settings.matcher
        except (aiohttp.ClientError, OSError, TimeoutError):
            passed = False
        if target.state != "draining":
            target.checked(passed, settings)
            self._changed()

    async def _drain(self, target: Target) -> None:
        given = asyncio.get_running_loop().time() + self._settings.delay
        await self._clock.sleep(self._settings.delay)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(given):
                await target.idle.wait()
        target.cut()
        self._targets.pop(target.endpoint)
        self._tasks.pop(target)
        self._changed()
