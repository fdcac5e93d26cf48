"""Names that others rely on, and switches that are the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from tests.mutants.operators.registry import Change, cut, operator, replaced
from tests.mutants.places import Stack

NAMES = (
    "name",
    "cluster_identifier",
    "replication_group_id",
    "identifier",
    "family",
    "function_name",
    "alarm_name",
    "container_name",
    "database_name",
    "domain_name",
)
NAMED = (
    "aws_ecs_cluster",
    "aws_ecs_service",
    "aws_ecs_task_definition",
    "aws_rds_cluster",
    "aws_elasticache_replication_group",
    "aws_lb",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_metric_alarm",
    "aws_sns_topic",
    "aws_ecr_repository",
    "aws_secretsmanager_secret",
    "aws_lambda_function",
    "aws_kms_alias",
    "aws_appautoscaling_policy",
    "aws_appautoscaling_scheduled_action",
)


@operator("rename", "configuration data")
def rename(stack: Stack) -> Iterator[Change]:
    """A cluster, a service, a container or a log group has another name."""
    for place in stack.settings:
        named = place.kind == "resource" and place.type in NAMED
        container = place.kind == "locals" and place.path == "container.name"
        nested = bool(place.within) and not container and place.name != "container_name"
        if place.name not in NAMES or not (named or container) or nested:
            continue
        if place.text.endswith('"'):
            yield from replaced(stack, place, f'{place.text[:-1]}-x"')
        else:
            yield from replaced(stack, place, f'"${{{place.text}}}-x"')


@operator("flip-switch", "configuration data", common=False)
def flip(stack: Stack) -> Iterator[Change]:
    """A switch is the other way round."""
    for place in stack.settings:
        if place.kind in ("resource", "module", "locals") and isinstance(place.value, bool):
            yield from replaced(stack, place, "false" if place.value else "true")


@operator("everywhere-as-here", "configuration data", common=False)
def everywhere(stack: Stack) -> Iterator[Change]:
    """A setting that only production has, or only production lacks, is the same everywhere."""
    for place in stack.settings:
        comparison = place.text.replace(" ", "")
        if place.kind in ("resource", "locals", "module") and comparison in (
            'var.environment=="production"',
            'var.environment!="production"',
            "local.disposable",
        ):
            yield from replaced(stack, place, "true", "true")
            yield from replaced(stack, place, "false", "false")


@operator("container-environment", "configuration data", common=False)
def container_environment(stack: Stack) -> Iterator[Change]:
    """The container lacks a variable, or gets another value."""
    for place in stack.settings:
        if (
            place.kind == "locals"
            and place.pair
            and place.within[-1:] == ("container_environment",)
        ):
            yield from cut(stack, place)
            yield from replaced(stack, place, '"wrong"', "wrong")
        elif place.kind == "locals" and place.pair and "container_secrets" in place.within:
            yield from cut(stack, place)


@operator("drop-tags", "configuration data", common=False)
def drop_tags(stack: Stack) -> Iterator[Change]:
    """What everything carries is missing."""
    for place in stack.settings:
        if place.kind == "locals" and place.within == ("common_tags",):
            yield from cut(stack, place)
        if place.kind == "provider" and place.path == "default_tags.tags":
            yield from replaced(stack, place, "{}")


@operator("any-account", "security")
def any_account(stack: Stack) -> Iterator[Change]:
    """The provider works in whatever account it is signed in to."""
    for place in stack.settings:
        if place.kind == "provider" and place.name == "allowed_account_ids":
            yield from cut(stack, place)
