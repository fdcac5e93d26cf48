"""The least that the deployed tier must be allowed: an IAM policy made of what it has asked.

What an action is called and on which resources it can be granted is the Service Authorization
Reference's, as parliament keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
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
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("sts", "GetCallerIdentity"): None,
}
# Where the tests ask by name, the variable of the ARN's form that the name stands for. Others ask
# by an identifier that AWS has made, or for everything of the kind.
_NAMED = {
    "budgets:ViewBudget": {"BudgetName": "{prefix}-monthly"},
    "cloudtrail:GetTrailStatus": {"TrailName": "{prefix}-trail"},
    "ecs:DescribeClusters": {"ClusterName": "{prefix}"},
    "ecs:DescribeServices": {"ClusterName": "{prefix}", "ServiceName": "{prefix}-app"},
    "elasticache:DescribeCacheParameters": {"CacheParameterGroupName": "{prefix}"},
    "iam:GetRolePolicy": {"RoleNameWithPath": "{prefix}-*"},
    "iam:ListAttachedRolePolicies": {"RoleNameWithPath": "{prefix}-*"},
    "iam:ListRolePolicies": {"RoleNameWithPath": "{prefix}-*"},
    "lambda:GetPolicy": {"FunctionName": "{prefix}-*"},
    "s3:GetBucketPolicy": {"BucketName": "*{prefix}*"},
    "s3:GetEncryptionConfiguration": {"BucketName": "*{prefix}*"},
    "secretsmanager:DescribeSecret": {"SecretId": "{prefix}/*"},
    "sns:GetTopicAttributes": {"TopicName": "{prefix}-*"},
    "sns:ListSubscriptionsByTopic": {"TopicName": "{prefix}-*"},
    "wafv2:GetLoggingConfiguration": {"Name": "{prefix}-*"},
    "wafv2:GetWebACL": {"Name": "{prefix}-*"},
    # The lists of AWS's own services, which gateway endpoints use, belong to an account of AWS's.
    "ec2:GetManagedPrefixListEntries": {"Account": "*"},
}


def action(service: str, operation: str) -> str | None:
    """The IAM action of an operation of botocore's `service`; None if it needs no permission.

    Raises SuiteError when no such action is known.
    """
    if (service, operation) in _ACTIONS:
        return _ACTIONS[service, operation]
    signed = botocore.session.get_session().get_service_model(service).signing_name
    name = f"{_PREFIXES.get(signed, signed)}:{operation}"
    if not policy_lint.actions(name):
        raise SuiteError(f"IAM has no action {name}: write down what allows {service} {operation}")
    return name


def document(
    asked: Iterable[tuple[str, str]], environment: str, account: str, region: str
) -> dict[str, Any]:
    """The policy that allows these services' operations, each on as little as can be said before.

    Statements and what is in them are sorted, so that the same questions give the same text.
    """
    needed = {name for service, operation in asked if (name := action(service, operation))}
    place = {"Partition": "aws", "Region": region, "Account": account}
    groups = defaultdict(list)
    for name in sorted(needed):
        named = {key: text.format(prefix=f"mantisnxt-{environment}")
                 for key, text in _NAMED.get(name, {}).items()}  # fmt: skip
        groups[_resources(name, {**place, **named})].append(name)
    statements = [
        {"Effect": "Allow", "Action": names, "Resource": list(resources)}
        for resources, names in sorted(groups.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _resources(name: str, values: dict[str, str]) -> tuple[str, ...]:
    service = name.partition(":")[0]
    forms = [policy_lint.form_of(service + kind) for kind in policy_lint.resource_types(name)]
    return tuple(sorted(policy_lint.filled(form, values, "*") for form in forms if form)) or ("*",)
