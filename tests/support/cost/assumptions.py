"""Usage that no plan can tell: traffic, data and logs of an environment, each with its reason.

`assumptions.yaml` is the one place for them. Everything is by month; GB are 10^9 bytes, kB 10^3.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, field_validator, model_validator

from tests.support.cost.load import DAY_HOURS
from tests.support.cost.schema import Strict, read
from tests.support.outcomes import Invalid
from tests.support.traffic import Environment

PATH = Path(__file__).with_name("assumptions.yaml")
NAME = "tests/support/cost/assumptions.yaml"


class Amount(Strict):
    """A number for all environments, or one for each."""

    all: float | None = Field(default=None, ge=0)
    develop: float | None = Field(default=None, ge=0)
    staging: float | None = Field(default=None, ge=0)
    production: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _covers_each_environment_once(self) -> Self:
        each = [self.develop, self.staging, self.production]
        if each.count(None) != (0 if self.all is None else len(each)):
            raise ValueError("give either one number for all environments, or all three")
        return self

    def of(self, environment: str) -> float:
        """The environment's number."""
        each = {"develop": self.develop, "staging": self.staging, "production": self.production}
        return next(value for value in (self.all, each[environment]) if value is not None)


class Assumption(Amount):
    """An amount and why it is taken to be that."""

    reason: str = Field(min_length=20)


class Named(Strict):
    """What is assumed of each resource of a kind whose name the pattern `name` matches."""

    name: str = Field(min_length=3)
    reason: str = Field(min_length=20)

    @field_validator("name")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return pattern

    def matches(self, name: str) -> bool:
        """Whether the resource of that name is meant."""
        return re.search(self.name, name) is not None


class LogGroup(Named):
    """GB written into a log group: a fixed amount, and kB for each request.

    `requests` says which those are: the ones that reach the service, or the ones that reach
    CloudFront. `kb_included` of each are part of another price: free to write, not to keep.
    """

    gb: Amount = Amount(all=0)
    requests: Literal["service", "edge"] = "service"
    kb_per_request: float = Field(default=0, ge=0)
    kb_included: float = Field(default=0, ge=0)


class Bucket(Named):
    """GB kept in a bucket, priced as Standard, and thousands of writes."""

    gb: Amount
    thousand_writes: Amount


Entry = TypeVar("Entry", bound=Named)


class Assumptions(Strict):
    """The file `assumptions.yaml`; what each number means and its unit stand there."""

    hours: Assumption
    share_of_peak: dict[Environment, tuple[float, ...]]
    share_of_peak_on_other_days: Assumption
    working_days: Assumption
    free_allowance_share: Assumption

    edge_requests_per_request: Assumption
    response_kb: Assumption
    asset_kb: Assumption
    new_connections_per_request: Assumption
    zone_crossing_kb_per_request: Assumption
    nat_gb: Assumption
    internet_gb: Assumption
    endpoint_gb: Assumption

    database_gb: Assumption
    database_ios_per_request: Assumption
    database_idle_io_millions: Assumption
    backup_gb_beyond_volume: Assumption
    monitoring_record_kb: Assumption
    cache_snapshot_gb: Assumption

    deployments: Assumption
    one_off_task_minutes: Assumption
    insights_metrics_per_cluster: Assumption
    insights_metrics_per_service: Assumption
    insights_metrics_per_task_family: Assumption
    alarms_per_target_tracking_policy: Assumption
    log_bytes_kept_share: Assumption
    log_share_after_filter: Assumption
    days_counted_of_for_ever: Assumption

    key_versions_charged: Assumption
    key_request_millions: Assumption
    secret_calls_10k: Assumption
    email_thousands: Assumption
    dns_query_millions: Assumption
    registry_gb: Assumption
    function_runs: Assumption
    function_seconds: Assumption

    log_groups: tuple[LogGroup, ...] = Field(min_length=1)
    buckets: tuple[Bucket, ...] = Field(min_length=1)

    @field_validator("share_of_peak")
    @classmethod
    def _has_every_hour(
        cls, shares: dict[Environment, tuple[float, ...]]
    ) -> dict[Environment, tuple[float, ...]]:
        for environment, hours in shares.items():
            if len(hours) != DAY_HOURS or not all(0 <= share <= 1 for share in hours):
                raise ValueError(f"{environment}: 24 shares between 0 and 1, one for each hour")
        if missing := {"develop", "staging", "production"} - shares.keys():
            raise ValueError(f"no shares for {', '.join(sorted(missing))}")
        return shares

    def log_group(self, name: str, where: str) -> LogGroup:
        """What is assumed of a log group; Invalid if that is not said."""
        return _only([g for g in self.log_groups if g.matches(name)], "log group", name, where)

    def bucket(self, name: str, where: str) -> Bucket:
        """What is assumed of a bucket; Invalid if that is not said."""
        return _only([b for b in self.buckets if b.matches(name)], "bucket", name, where)


def _only(found: list[Entry], kind: str, name: str, where: str) -> Entry:
    if len(found) != 1:
        raise Invalid(
            f"{where}: {len(found) or 'no'} entries of {NAME} say how much is written into the "
            f"{kind} {name}; there must be one"
        )
    return found[0]


def load(path: Path = PATH) -> Assumptions:
    """The file's assumptions. SuiteError names file and line where it is not of its schema."""
    return read(path, Assumptions)
