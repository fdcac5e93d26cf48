"""The least that the deployed tier must be allowed: an IAM policy made of what it has asked.

What an action is called and on which resources it can be granted is the Service Authorization
Reference's, as parliament keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

import botocore.session

from tests.support import policy_lint
from tests.support.outcomes import SuiteError

# Where IAM's name for a service is not the one that requests are signed with.
_PREFIXES = {"monitoring": "cloudwatch"}
# Where an operation is allowed by an action of another name: Service Authorization Reference,
# "Actions defined by Amazon S3" and "Actions defined by AWS Budget Service"; API reference of STS,
# GetCallerIdentity: "No permissions are required to perform this operation".
_ACTIONS = {
    ("budgets", "DescribeBudget"): "budgets:ViewBudget",
    ("budgets", "DescribeNotificationsForBudget"): "budgets:ViewBudget",
    ("budgets", "DescribeSubscribersForNotification"): "budgets:ViewBudget",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "GetBucketNotificationConfiguration"): "s3:GetBucketNotification",
    ("s3", "GetBucketReplication"): "s3:GetReplicationConfiguration",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("sts", "GetCallerIdentity"): None,
}
# By service or action, where the tests ask by name: the variable of the ARN's form that the name
# stands for. Others ask by an identifier that AWS has made, or for everything of the kind.
NAMED = {
    "budgets": {"BudgetName": "{prefix}-monthly"},
    "cloudtrail": {"TrailName": "{prefix}-trail"},
    "ecs": {"ClusterName": "{prefix}", "ServiceName": "{prefix}-app"},
    "elasticache:DescribeCacheParameters": {"CacheParameterGroupName": "{prefix}"},
    "events": {"RuleName": "{prefix}-*"},
    "iam": {"RoleNameWithPath": "{prefix}-*"},
    "lambda": {"FunctionName": "{prefix}-*"},
    "s3": {"BucketName": "*{prefix}*"},
    "secretsmanager": {"SecretId": "{prefix}/*"},
    "sns": {"TopicName": "{prefix}-*"},
    "wafv2": {"Name": "{prefix}-*"},
    # The lists of AWS's own services, which gateway endpoints use, belong to an account of AWS's.
    "ec2:GetManagedPrefixListEntries": {"Account": "*"},
}


def action(service: str, operation: str) -> str | None:
    """The IAM action of an operation of botocore's `service`; None if it needs no permission.

    Raises SuiteError when no such action is known.
    """
    if (service, operation) in _ACTIONS:
        return _ACTIONS[service, operation]
    name = f"{_prefix(service)}:{operation}"
    if policy_lint.access_level(name) is None:
        raise SuiteError(f"IAM has no action {name}: write down what allows {service} {operation}")
    return name


@cache
def _prefix(service: str) -> str:
    signed = botocore.session.get_session().get_service_model(service).signing_name
    return str(_PREFIXES.get(signed, signed))


def document(
    asked: Iterable[tuple[str, str, str]], environment: str, account: str
) -> dict[str, Any]:
    """The policy that allows these operations, each on as little as can be said before.

    They are given as service, operation and region.
    Statements and what is in them are sorted, so that the same questions give the same text.
    """
    needed = defaultdict[str, set[str]](set)
    for service, operation, region in asked:
        if name := action(service, operation):
            place = {"Partition": "aws", "Region": region, "Account": account}
            needed[name] |= _resources(name, place, _names(name, environment))
    groups = defaultdict(list)
    for name, resources in sorted(needed.items()):
        groups[tuple(sorted(resources))].append(name)
    statements = [
        {"Effect": "Allow", "Action": names, "Resource": list(resources)}
        for resources, names in sorted(groups.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _names(action: str, environment: str) -> dict[str, str]:
    names = NAMED.get(action) or NAMED.get(action.partition(":")[0], {})
    return {key: text.format(prefix=f"mantisnxt-{environment}") for key, text in names.items()}


def _resources(name: str, place: dict[str, str], names: dict[str, str]) -> set[str]:
    """The ARNs that the action is granted on; of kinds with and without a name, only the first."""
    service = name.partition(":")[0]
    kinds = (policy_lint.form_of(service + kind) for kind in policy_lint.resource_types(name))
    forms = [form for form in kinds if form]
    named = [form for form in forms if any(f"${{{variable}}}" in form for variable in names)]
    return {policy_lint.filled(form, {**place, **names}, "*") for form in named or forms} or {"*"}
