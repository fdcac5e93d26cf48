"""ARNs of the right form in the place of symbols, for tools that want to read ARNs.

They say which service and kind of resource a policy is about, and nothing more: account and name
belong to nobody.
"""

from __future__ import annotations

import re

from tests.support import policy_lint
from tests.support.outcomes import Invalid
from tests.support.placeholders.symbols import SYMBOL

_ATTRIBUTE = re.compile(r"\b(aws_\w+)\.([\w-]+)(?:\[([^\]]*)\])?\.([\w.\[\]]+)$")
_VALUES = {"Partition": "aws", "Region": "us-east-1", "Account": "111122223333"}
# Where Terraform's name for a kind of resource is not IAM's.
_KINDS = {
    "aws_backup_vault": "backup/backupVault",
    "aws_cloudwatch_event_rule": "events/rule-on-default-event-bus",
    "aws_cloudwatch_log_group": "logs/log-group",
    "aws_db_instance": "rds/db",
    "aws_iam_openid_connect_provider": "iam/oidc-provider",
    "aws_lb": "elasticloadbalancing/loadbalancer/app/",
    "aws_lb_target_group": "elasticloadbalancing/targetgroup",
    "aws_rds_cluster_instance": "rds/db",
    "aws_sfn_state_machine": "states/statemachine",
}
# The provider's documentation calls the id of these an ARN; that of others is a name.
_ID_IS_ARN = frozenset(
    {
        "aws_acm_certificate",
        "aws_codebuild_project",
        "aws_ecs_cluster",
        "aws_ecs_service",
        "aws_iam_openid_connect_provider",
        "aws_iam_policy",
        "aws_kinesis_stream",
        "aws_lb",
        "aws_lb_listener",
        "aws_lb_target_group",
        "aws_secretsmanager_secret",
        "aws_sfn_state_machine",
        "aws_sns_topic",
    }
)


def concrete(text: str) -> str:
    """The text with an ARN, or a name, in the place of each symbol.

    Raises Invalid for a kind of resource whose ARN's form is not known.
    """
    return SYMBOL.sub(lambda found: _value(found[1]), text)


def _value(symbol: str) -> str:
    found = _ATTRIBUTE.search(symbol)
    if not found:
        raise Invalid(f"⟨{symbol}⟩ names no attribute of a resource of AWS")
    kind, name, key, attribute = found.groups()
    label = "-".join(filter(None, [name, key]))
    if not (attribute.endswith(("arn", "arn_without_revision")) or _is_arn(kind, attribute)):
        return f"{label}-{attribute}"
    form = policy_lint.form_of(_KINDS.get(kind, kind.removeprefix("aws_")))
    if form is None:
        raise Invalid(f"⟨{symbol}⟩: teach tests/unit/concrete_arns.py IAM's name for {kind}")
    arn = policy_lint.filled(form, _VALUES, otherwise=label)
    return arn.rpartition(":")[0] if attribute.endswith("without_revision") else arn


def _is_arn(kind: str, attribute: str) -> bool:
    return attribute == "id" and kind in _ID_IS_ARN
