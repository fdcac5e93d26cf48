"""The expected load: which paths, how often, at what rate, and what a run must keep to.

One YAML file, schema checked. Nothing here is read out of the code under test.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tests.support import yaml_lines
from tests.support.outcomes import SuiteError

DEFAULT_PATH = Path(__file__).resolve().parents[1] / "load" / "traffic.yaml"
Environment = Literal["develop", "staging", "production"]
# What is beyond these is a slip of the keyboard, and a run that would never end.
A_WEEK, MOST_PER_SECOND = 7 * 24 * 60, 1e6


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Page(_Strict):
    """One kind of request: `weight` is its share relative to the others."""

    path: str = Field(pattern=r"^/[^\s]*$")
    weight: int = Field(ge=1)
    status: int = Field(default=200, ge=200, lt=600)


class Place(_Strict):
    """Where an environment answers, the peak it must carry and the most that may be sent there."""

    host: str = Field(pattern=r"^[a-z0-9.-]+$")
    peak_requests_per_second: float = Field(gt=0, le=MOST_PER_SECOND)
    most_requests_per_second: float = Field(gt=0, le=MOST_PER_SECOND)

    @model_validator(mode="after")
    def _the_peak_may_be_sent(self) -> Self:
        if self.most_requests_per_second < self.peak_requests_per_second:
            raise ValueError("the most that may be sent is less than the peak")
        return self


class Scenarios(_Strict):
    """What the scenarios are given beside the deployment; minutes are the region's.

    `breach_times` the alarm's threshold is the mean response that is injected, `spike_times` the
    peak comes at once for `spike_minutes`.
    """

    steady_minutes: int = Field(ge=1, le=A_WEEK)
    soak_minutes: int = Field(ge=1, le=A_WEEK)
    breach_times: float = Field(gt=1, le=1000)
    spike_times: float = Field(gt=1, le=1000)
    spike_minutes: int = Field(ge=1, le=A_WEEK)


class Limits(_Strict):
    """Beyond these a run has measured the generator, not the service, and is invalid.

    `lateness_p99_seconds`: intended send to actual send. `shortfall_percent`: offered requests
    that never left. `cpu_percent`: of one core, in the busiest period.
    """

    cpu_percent: float = Field(gt=0, le=100)
    lateness_p99_seconds: float = Field(gt=0)
    shortfall_percent: float = Field(ge=0, le=100)


class Traffic(_Strict):
    """The whole mix. Times in seconds; `error_budget_percent` is of the requests that left."""

    scenarios: Scenarios
    think_time_seconds: float = Field(gt=0, le=3600)
    timeout_seconds: float = Field(gt=0, le=3600)
    error_budget_percent: float = Field(ge=0, lt=100)
    generator: Limits
    pages: tuple[Page, ...] = Field(min_length=1)
    environments: dict[Environment, Place]

    @model_validator(mode="after")
    def _paths_are_listed_once(self) -> Self:
        paths = [page.path for page in self.pages]
        if len(set(paths)) != len(paths):
            raise ValueError("a path is listed twice; add the weights up instead")
        return self

    def place(self, environment: str) -> Place:
        """Where the environment answers. Raises SuiteError for one the file does not have."""
        for name, place in self.environments.items():
            if name == environment:
                return place
        known = ", ".join(self.environments)
        raise SuiteError(f"environment {environment!r} has no traffic; there is {known}")

    def connections(self, requests_per_second: float) -> int:
        """How many connections stay open at this rate.

        Little's law: visitors present = arrivals per second × (think time + longest response).
        Sized for the longest response, the pool cannot hold a request back when the service
        slows, so a slow service shows as slow and never as a generator that fell behind.
        """
        stay = self.think_time_seconds + self.timeout_seconds
        return math.ceil(requests_per_second * stay)


def load(path: Path = DEFAULT_PATH) -> Traffic:
    """The traffic file as a Traffic. Raises SuiteError naming the file and the field or line."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), yaml_lines.Loader)
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path}: not UTF-8") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SuiteError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    try:
        return Traffic.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(top level)"
        raise SuiteError(f"{path}: {field}: {first['msg']}") from error
