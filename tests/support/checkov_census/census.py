"""What Checkov loaded and what it looked at, written down from inside of it.

Checkov's own report cannot tell a policy that found nothing wrong from one that was never loaded,
nor a resource that a policy could not judge from one that it never saw: a policy that is malformed
or has an id that is taken is skipped, a verdict of unknown and a policy that crashed leave no
trace. This module is given to Checkov as one more directory of policies. It judges nothing; at the
end it writes a JSON file to the path in $CHECKOV_CENSUS:

    builtin     ids of Checkov's own checks
    policies    id, name, file, requirement and resource_types of each loaded policy
    resources   address, file (below the scanned directory) and type of each resource
"""

from __future__ import annotations

import atexit
import inspect
import json
import os
from pathlib import Path
from typing import Any

import checkov  # type: ignore[import-not-found]
import yaml
from checkov.common.checks.base_check_registry import (  # type: ignore[import-not-found]
    BaseCheckRegistry,
)
from checkov.common.checks_infra.registry import (  # type: ignore[import-not-found]
    get_graph_checks_registry,
)
from checkov.common.models.enums import (  # type: ignore[import-not-found]
    CheckCategories,
    CheckResult,
)
from checkov.terraform.checks.resource.base_resource_check import (  # type: ignore[import-not-found]
    BaseResourceCheck,
)


class Census(BaseResourceCheck):  # type: ignore[misc]
    """A check of every resource whose verdict is always unknown, which Checkov does not report."""

    def __init__(self) -> None:
        self.resources: list[dict[str, str]] = []
        super().__init__(
            name="Every resource is counted",
            id="CKV2_CENSUS_1",
            categories=[CheckCategories.CONVENTION],
            supported_resources=["*"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> Any:
        """Note the resource."""
        file = self.entity_path.partition(":")[0].lstrip("/")
        self.resources.append(
            {"address": conf["__address__"], "file": file, "type": self.entity_type}
        )
        return CheckResult.UNKNOWN


def _own(loaded: Any) -> bool:
    """Whether a check is Checkov's own; one id may belong to such a one and to a policy."""
    return _file(loaded).is_relative_to(Path(checkov.__file__).parent)


def _file(loaded: Any) -> Path:
    return Path(getattr(loaded, "check_path", "") or inspect.getfile(type(loaded)))


def _code() -> list[dict[str, Any]]:
    """The policies that are Python."""
    return [
        {
            "id": loaded.id,
            "name": loaded.name,
            "file": str(_file(loaded)),
            "requirement": getattr(loaded, "requirement", None),
            "resource_types": list(loaded.supported_entities),
        }
        for loaded in BaseCheckRegistry.get_all_registered_checks()
        if not _own(loaded) and loaded is not check
    ]


def _documents() -> list[dict[str, Any]]:
    """The policies that are YAML or JSON."""
    return [
        {
            "id": loaded.id,
            "name": loaded.name,
            "file": loaded.check_path,
            "requirement": _metadata(loaded.check_path).get("requirement"),
            "resource_types": sorted(_types(loaded)),
        }
        for loaded in get_graph_checks_registry("terraform").checks
        if not _own(loaded)
    ]


def _metadata(path: str) -> dict[str, Any]:
    document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    metadata: dict[str, Any] = document["metadata"]
    return metadata


def _types(loaded: Any) -> set[str]:
    """The resource types that a policy judges; those of its parts where it names none itself."""
    return set(loaded.resource_types or ()) or {
        name for part in loaded.sub_checks for name in _types(part)
    }


def _builtin() -> list[str]:
    every = (
        *BaseCheckRegistry.get_all_registered_checks(),
        *get_graph_checks_registry("terraform").checks,
    )
    return sorted({loaded.id for loaded in every if _own(loaded)})


@atexit.register
def _write() -> None:
    document = {
        "builtin": _builtin(),
        "policies": _code() + _documents(),
        "resources": check.resources,
    }
    Path(os.environ["CHECKOV_CENSUS"]).write_text(json.dumps(document), encoding="utf-8")


check = Census()
