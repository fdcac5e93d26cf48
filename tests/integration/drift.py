"""What the checked-out stack would change in an environment that somebody else has deployed.

Terraform reads the environment's own state and the account, and writes neither: the state is not
locked. It reads more than the tests do, and needs the permissions of a plan.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import deployment, terraform, workspace
from tests.support.deployment import Deployment
from tests.support.outcomes import NotProvable
from tests.support.planning import check_variables, secret_variables
from tests.support.source import SourceTree

_SETTINGS = "AWS_"


def changes(stack: Path, environment: str) -> list[str]:
    """What an apply would change, as `Deployment.second_plan` says it.

    Raises NotProvable when Terraform cannot reach the state, and SuiteError when it cannot plan.
    """
    source, program = SourceTree.load(stack), terraform.find()
    check_variables(source, environment)
    # Terraform is otherwise run without what would lead it to a real account.
    account = {name: value for name, value in os.environ.items() if name.startswith(_SETTINGS)}
    settings = {**account, **secret_variables(source)}
    by_address = _by_address(os.environ.get("AWS_ENDPOINT_URL", ""))
    override = deployment.path_style(source) if by_address else ""
    with workspace.scratch_copy(stack, override, local_state=False) as copy:
        workspace.initialise(copy, stack, program, "-backend=false")
        done = program.run(
            "init", "-json", "-input=false", f"-backend-config=use_path_style={by_address}".lower(),
            f"-backend-config=environments/{environment}.s3.tfbackend",
            cwd=copy, environment=settings, timeout_seconds=workspace.INIT_SECONDS,
        )  # fmt: skip
        if done.code != 0:
            reason = str(workspace.failure(done, stack, "init", program)).splitlines()[0]
            raise NotProvable(f"Terraform cannot reach the state of {environment}: {reason}")
        return Deployment(stack, environment, program, settings, 0, copy).second_plan()


def _by_address(endpoint: str) -> bool:
    """Whether the endpoint is an address: bucket names cannot be part of its name."""
    try:
        ipaddress.ip_address(urlsplit(endpoint).hostname or "")
    except ValueError:
        return False
    return True
