"""ARNs written out by hand: which resource of a plan they name.

An ARN made by interpolation holds no symbol when all of its parts are known. What it names follows
from its service and from the name in it (Service Authorization Reference, "Resource types").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

ARN = re.compile(r"arn:aws:(?P<service>[a-z0-9-]+):[a-z0-9-]*:\d*:(?P<name>[^\s\"'*,\[\]{}]+)")
# service, what stands before the name, the resource's type and the argument that holds the name
_NAMED = (
    ("sns", "", "aws_sns_topic", "name"),
    ("s3", "", "aws_s3_bucket", "bucket"),
    ("iam", "role/", "aws_iam_role", "name"),
    ("kms", "alias/", "aws_kms_alias", "name"),
    ("lambda", "function:", "aws_lambda_function", "function_name"),
    ("logs", "log-group:", "aws_cloudwatch_log_group", "name"),
    ("rds", "cluster:", "aws_rds_cluster", "cluster_identifier"),
    ("elasticache", "replicationgroup:", "aws_elasticache_replication_group",
     "replication_group_id"),
    ("ecs", "cluster/", "aws_ecs_cluster", "name"),
)  # fmt: skip


def named(value: Any, find: Callable[[str, str, str], Iterable[str]]) -> Iterator[str]:
    """The addresses of what the ARNs anywhere in a value name.

    `find(type, argument, name)` gives the addresses of the resources with that name.
    """
    for service, name in ARN.findall(str(value)):
        for wanted, before, resource_type, argument in _NAMED:
            if service == wanted and name.startswith(before):
                own = name.removeprefix(before) if before != "alias/" else name
                yield from find(resource_type, argument, own.partition(":")[0])
