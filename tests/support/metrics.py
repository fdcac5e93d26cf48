"""What AWS publishes to CloudWatch, as far as the suite knows: the table in metrics.yaml."""

from __future__ import annotations

from collections import Counter
from math import inf
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tests.support.outcomes import Invalid, SuiteError

PATH = Path(__file__).with_name("metrics.yaml")
# A percentile stands for every statistic of the distribution: trimmed means and the like as well.
Statistic = Literal["Average", "Minimum", "Maximum", "Sum", "SampleCount", "percentile"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dimension(_Strict):
    """What stands behind a dimension: attributes of resources, by their type, or fixed values."""

    held_by: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    values: tuple[str, ...] = ()


class Metric(_Strict):
    """Metrics of one namespace that have everything in common.

    `thresholds` are the lowest and highest that make sense, in `unit`; `region` is where the
    metric is published, if in one region only.
    """

    namespace: str
    names: tuple[str, ...] = Field(min_length=1)
    dimensions: tuple[frozenset[str], ...] = Field(min_length=1)
    statistics: tuple[Statistic, ...] = Field(min_length=1)
    unit: Literal["Seconds", "Milliseconds", "Bytes", "Percent", "Count", "None"]
    thresholds: tuple[float, float]
    region: str | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """Between what the metric itself can lie."""
        return 0, 100 if self.unit == "Percent" else inf


class Metrics(_Strict):
    """The table: what stands behind each dimension, and the metrics."""

    dimensions: dict[str, Dimension]
    metrics: tuple[Metric, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Metrics:
        used = {name for metric in self.metrics for group in metric.dimensions for name in group}
        if used != self.dimensions.keys():
            raise ValueError(f"dimensions: {', '.join(sorted(used ^ self.dimensions.keys()))}")
        names = Counter((m.namespace, name) for m in self.metrics for name in m.names)
        if repeated := [name for (_, name), count in names.items() if count > 1]:
            raise ValueError(f"listed twice: {', '.join(repeated)}")
        return self

    def find(self, namespace: str, name: str) -> Metric:
        """The metric of that name. Raises Invalid when the table does not have it."""
        for metric in self.metrics:
            if metric.namespace == namespace and name in metric.names:
                return metric
        raise Invalid(
            f"{namespace} {name} is no metric that the suite knows: if it is one of AWS's, put it "
            "into tests/support/metrics.yaml"
        )


def load(path: Path = PATH) -> Metrics:
    """Read the table. SuiteError names the file and the field or line."""
    try:
        return Metrics.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SuiteError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SuiteError(f"{path}: {where}: {first['msg']}") from error
