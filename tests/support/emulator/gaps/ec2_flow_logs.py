"""Whether a flow log reaches its log group."""

from __future__ import annotations

from tests.support.emulator.registry import Call, Document, Forwarded, declare

DELIVERY = declare(
    "ec2",
    "flow log delivery",
    "A flow log that names its log group by ARN reports that it cannot write, and the status never "
    "changes afterwards.",
)


@DELIVERY.fills("DescribeFlowLogs")
def describe(call: Call) -> Document:
    """moto's flow logs; one delivers while its log group and its role exist."""
    answer = call.proceed()
    for log in answer["FlowLogs"]:
        if log.get("LogDestinationType") != "cloud-watch-logs":
            continue
        delivers = _group_exists(call, log) and _role_exists(call, log["DeliverLogsPermissionArn"])
        log["DeliverLogsStatus"] = "SUCCESS" if delivers else "FAILED"
        log.pop("DeliverLogsErrorMessage", None)
        if not delivers:
            log["DeliverLogsErrorMessage"] = "Access error"
    return answer


def _group_exists(call: Call, log: Document) -> bool:
    destination = log.get("LogDestination", "").partition(":log-group:")[2]
    name = destination.removesuffix(":*") or log.get("LogGroupName", "")
    wanted = {"logGroupNamePrefix": name}
    groups = call.emulator("DescribeLogGroups", wanted, service="logs")["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def _role_exists(call: Call, arn: str) -> bool:
    try:
        call.emulator("GetRole", {"RoleName": arn.rpartition("/")[2]}, service="iam")
    except Forwarded:
        return False
    return True
