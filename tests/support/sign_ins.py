"""Who may sign in from outside to which role, by what the catalogue says of the pipeline."""

from __future__ import annotations

from typing import Any

from tests.support.catalogue import Catalogue


def expected(catalogue: Catalogue, environment: str) -> dict[str, list[dict[str, Any]]]:
    """For each role's name the conditions of its one grant: the token's audience and subjects."""
    pipeline, audit = (catalogue.requirement(name).expected for name in ("PIPE-02", "PIPE-06"))
    branches = catalogue.requirement("PIPE-01").expected["branches"]
    deploying = [branch for branch, deployed in branches.items() if deployed == environment]
    roles = {"deploy": deploying, "audit": audit["branches"][environment]}
    return {
        f"mantisnxt-{environment}-{role}": [
            {
                "StringEquals": {
                    f"{pipeline['provider']}:aud": [pipeline["audience"]],
                    f"{pipeline['provider']}:sub": sorted(
                        f"repo:{pipeline['repository']}:ref:refs/heads/{branch}"
                        for branch in allowed
                    ),
                }
            }
        ]
        for role, allowed in roles.items()
    }
