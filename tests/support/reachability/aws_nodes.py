"""Nodes from what the AWS API says of a load balancer, a service, a database and a cache.

No network interface is asked for: tasks come and go, instances move between the subnets of their
group, and what is configured holds for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.reachability.model import Node, Unknown

Described = Mapping[str, Any]
DUAL = ("dual", "dual_stack", "ipv6", "dualstack")


def load_balancer(described: Described, listeners: Iterable[Described]) -> Node:
    """As DescribeLoadBalancers and DescribeListeners say."""
    return Node(
        described["LoadBalancerArn"],
        f"load balancer {described['LoadBalancerName']}",
        tuple(zone["SubnetId"] for zone in described["AvailabilityZones"]),
        tuple(described.get("SecurityGroups", [])),
        public=described["Scheme"] == "internet-facing",
        ipv6=described["IpAddressType"].startswith("dualstack"),
        listens=tuple(listener["Port"] for listener in listeners),
        where=described["LoadBalancerArn"],
    )


def service(described: Described) -> Node:
    """As DescribeServices says. A task has an IPv6 address if its subnet has a range."""
    name, arn = f"service {described['serviceName']}", described["serviceArn"]
    if "networkConfiguration" not in described:
        return Node(arn, name, Unknown(f"{name} runs on instances"), ())
    network = described["networkConfiguration"]["awsvpcConfiguration"]
    ports = tuple(one["containerPort"] for one in described.get("loadBalancers", []))
    return Node(
        arn,
        name,
        tuple(network["subnets"]),
        _groups(network.get("securityGroups", [])),
        public=network.get("assignPublicIp") == "ENABLED",
        ipv6=True,
        listens=ports or None,
        where=arn,
    )


def database(cluster: Described, instances: Iterable[Described], subnet_group: Described) -> Node:
    """As DescribeDBClusters, DescribeDBInstances and DescribeDBSubnetGroups say."""
    return Node(
        cluster["DBClusterArn"],
        f"Aurora {cluster['DBClusterIdentifier']}",
        _subnets(subnet_group),
        _groups(one["VpcSecurityGroupId"] for one in cluster["VpcSecurityGroups"]),
        public=any(instance["PubliclyAccessible"] for instance in instances),
        ipv6=str(cluster.get("NetworkType", "IPV4")).lower() in DUAL,
        listens=(cluster["Port"],),
        where=cluster["DBClusterArn"],
    )


def cache(group: Described, members: Iterable[Described], subnet_group: Described) -> Node:
    """As DescribeReplicationGroups, DescribeCacheClusters and DescribeCacheSubnetGroups say."""
    held = {one["SecurityGroupId"] for member in members for one in member["SecurityGroups"]}
    ports = {shard["PrimaryEndpoint"]["Port"] for shard in group["NodeGroups"]}
    return Node(
        group["ARN"],
        f"Redis {group['ReplicationGroupId']}",
        _subnets(subnet_group),
        _groups(sorted(held)),
        ipv6=str(group.get("NetworkType", "ipv4")).lower() in DUAL,
        listens=tuple(ports),
        where=group["ARN"],
    )


def _subnets(group: Described) -> tuple[str, ...]:
    return tuple(one["SubnetIdentifier"] for one in group["Subnets"])


def _groups(named: Iterable[str]) -> tuple[str, ...] | Unknown:
    """An interface holds at least one group; of none, AWS has not told."""
    return tuple(named) or Unknown("AWS names no security group")
