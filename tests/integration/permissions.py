"""What a deployed role may do: by IAM's own simulator, and by evaluating the role's policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from botocore.exceptions import ClientError

from tests.support.access import Request, allowed
from tests.support.iam import ANYONE, Policy
from tests.support.outcomes import NotProvable
from tests.support.target import Target


def evaluated(policies: Iterable[Policy], action: str, resource: str) -> bool:
    """Whether identity policies allow the action on the resource, an ARN.

    Raises Invalid where that hangs on a condition: nothing is known of the request.
    """
    # An identity policy names no principal: it is about whoever it is attached to.
    own = [replace(one, principals=ANYONE) for policy in policies for one in policy.statements]
    return allowed(own, Request("", action, frozenset([resource]), {}))


def simulated(target: Target, role_arn: str, action: str, resource: str) -> bool:
    """Whether IAM's simulator says so, which also knows boundaries and AWS's own policies.

    Raises NotProvable where there is no simulator.
    """
    try:
        answer = target.client("iam").simulate_principal_policy(
            PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=[resource]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "UnsupportedOperation":
            raise NotProvable("the emulator does not simulate policies") from error
        raise
    return [one["EvalDecision"] for one in answer["EvaluationResults"]] == ["allowed"]
