"""AWS Backup: selections, tags, and changes of plans."""

from __future__ import annotations

import copy
import datetime
import uuid

from tests.support.emulator import tags
from tests.support.emulator.registry import AwsError, Call, Document, declare

SELECTIONS = declare("backup", "selections", "No operation on backup selections exists.")
TAGS = declare(
    "backup", "tags", "ListTags finds nothing when the ARN is the last part of the path."
)
RECOVERY_POINTS = declare(
    "backup", "recovery points", "ListRecoveryPointsByBackupVault is missing."
)
PLANS = declare("backup", "plan changes", "UpdateBackupPlan is missing; a deleted plan stays.")


@SELECTIONS.fills("CreateBackupSelection")
def create_selection(call: Call) -> Document:
    """A new selection of an existing plan."""
    plan_id = call.params["BackupPlanId"]
    call.emulator("GetBackupPlan", {"BackupPlanId": plan_id})
    place = f"{plan_id}/{len(call.table('selections'))}"
    selection_id = str(uuid.uuid5(uuid.NAMESPACE_URL, place))
    created = datetime.datetime.now(datetime.UTC)
    call.table("selections")[selection_id] = {
        "BackupSelection": call.params["BackupSelection"],
        "SelectionId": selection_id,
        "BackupPlanId": plan_id,
        "CreationDate": created,
        "CreatorRequestId": call.params.get("CreatorRequestId"),
    }
    return {"SelectionId": selection_id, "BackupPlanId": plan_id, "CreationDate": created}


@SELECTIONS.fills("GetBackupSelection")
def get_selection(call: Call) -> Document:
    """A selection."""
    return _selection(call)


@SELECTIONS.fills("ListBackupSelections")
def list_selections(call: Call) -> Document:
    """The selections of a plan."""
    return {
        "BackupSelectionsList": [
            {
                "SelectionId": one["SelectionId"],
                "SelectionName": one["BackupSelection"]["SelectionName"],
                "BackupPlanId": one["BackupPlanId"],
                "CreationDate": one["CreationDate"],
                "IamRoleArn": one["BackupSelection"]["IamRoleArn"],
            }
            for one in call.table("selections").values()
            if one["BackupPlanId"] == call.params["BackupPlanId"]
        ]
    }


@SELECTIONS.fills("DeleteBackupSelection")
def delete_selection(call: Call) -> Document:
    """Remove a selection."""
    del call.table("selections")[_selection(call)["SelectionId"]]
    return {}


def _selection(call: Call) -> Document:
    found: Document | None = call.table("selections").get(call.params["SelectionId"])
    if found is None or found["BackupPlanId"] != call.params["BackupPlanId"]:
        raise AwsError(
            "ResourceNotFoundException", f"Cannot find {call.params['SelectionId']}", status=400
        )
    return found


@TAGS.fills("CreateBackupVault")
def create_vault(call: Call) -> Document:
    """Keep the tags a vault is created with."""
    answer = call.proceed()
    tags.of(call, answer["BackupVaultArn"]).update(call.params.get("BackupVaultTags") or {})
    return answer


@TAGS.fills("CreateBackupPlan")
def create_plan(call: Call) -> Document:
    """Keep the tags a plan is created with."""
    answer = call.proceed()
    tags.of(call, answer["BackupPlanArn"]).update(call.params.get("BackupPlanTags") or {})
    return answer


@TAGS.fills("ListTags")
def list_tags(call: Call) -> Document:
    """The tags of a vault or plan."""
    return {"Tags": tags.of(call, call.params["ResourceArn"])}


@TAGS.fills("TagResource")
def tag(call: Call) -> Document:
    """Add tags."""
    tags.of(call, call.params["ResourceArn"]).update(call.params["Tags"])
    return {}


@TAGS.fills("UntagResource")
def untag(call: Call) -> Document:
    """Remove tags."""
    kept = tags.of(call, call.params["ResourceArn"])
    for key in call.params["TagKeyList"]:
        kept.pop(key, None)
    return {}


@RECOVERY_POINTS.fills("ListRecoveryPointsByBackupVault")
def list_recovery_points(call: Call) -> Document:
    """None: no backup job runs here."""
    call.emulator("DescribeBackupVault", {"BackupVaultName": call.params["BackupVaultName"]})
    return {"RecoveryPoints": []}


@PLANS.fills("UpdateBackupPlan")
def update_plan(call: Call) -> Document:
    """Give a plan new rules."""
    from moto.backup.models import Plan, backup_backends

    backend = backup_backends[call.account_id][call.region]
    plan = backend.plans.get(call.params["BackupPlanId"])
    if plan is None:
        raise AwsError(
            "ResourceNotFoundException", "Failed reading Backup plan with provided version"
        )
    fresh = Plan(copy.deepcopy(call.params["BackupPlan"]), plan.creator_request_id, backend)
    plan.backup_plan, plan.version_id = fresh.backup_plan, fresh.version_id
    return dict(plan.to_dict())


@PLANS.fills("DeleteBackupPlan")
def delete_plan(call: Call) -> Document:
    """Remove a plan; AWS refuses while it has selections."""
    from moto.backup.models import backup_backends

    plan_id = call.params["BackupPlanId"]
    if any(one["BackupPlanId"] == plan_id for one in call.table("selections").values()):
        raise AwsError(
            "InvalidRequestException",
            "Related backup plan selections must be deleted prior to backup plan deletion",
        )
    answer = call.proceed()
    backup_backends[call.account_id][call.region].plans.pop(plan_id, None)
    return answer
