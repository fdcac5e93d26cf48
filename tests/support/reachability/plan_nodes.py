"""What of a plan has network interfaces: load balancer, service, database, cache, endpoints.

Where an argument is left out, what AWS does then is written beside it; the rest is the provider's
documentation.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability.addresses import Range
from tests.support.reachability.model import Endpoint, Node, PrefixList, Unknown
from tests.support.reachability.plan_values import blocks, identifier, identifiers, ranges, value
from tests.support.reachability.plan_vpc import Vpc

# CreateDBCluster in the RDS API reference: what `Port` is without a value.
_ENGINE_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}
_REDIS_PORT = 6379

Ids = tuple[str, ...] | Unknown


def nodes(plan: Plan, vpc: Vpc) -> Iterator[Node]:
    """Every node that this module knows; those of other VPCs lie in subnets that are not here."""
    for kind in ("aws_lb", "aws_alb"):
        yield from (_load_balancer(plan, vpc, one) for one in plan.all(kind))
    yield from (_service(vpc, one) for one in plan.all("aws_ecs_service"))
    yield from (_database(plan, vpc, one) for one in plan.all("aws_rds_cluster"))
    yield from (_cache(plan, vpc, one) for one in plan.all("aws_elasticache_replication_group"))
    for one in plan.all("aws_vpc_endpoint"):
        if vpc.owns(one) and value(one, "vpc_endpoint_type", "Gateway") == "Interface":
            subnets = _needed(one, "subnet_ids")
            groups = _groups(one, "security_group_ids", vpc)
            yield Node(one.address, one.address, subnets, groups, listens=(443,))


def endpoints(plan: Plan, vpc: Vpc) -> Iterator[Endpoint]:
    """The VPC's endpoints for AWS services, named `com.amazonaws.<region>.<service>`."""
    for one in plan.all("aws_vpc_endpoint"):
        if not vpc.owns(one):
            continue
        name = value(one, "service_name", Unknown(f"{one.where} names no service"))
        service = name if isinstance(name, Unknown) else name.split(".", 3)[-1]
        match value(one, "vpc_endpoint_type", "Gateway"):
            case "Gateway":
                yield Endpoint(one.address, service, one.address)
            case "Interface":
                dns = value(one, "private_dns_enabled", False)
                yield Endpoint(one.address, service, None, dns)


def prefix_lists(plan: Plan, vpc: Vpc) -> Iterator[PrefixList]:
    """The prefix lists of the plan; that of a gateway endpoint has the endpoint's id."""
    for one in plan.all("aws_vpc_endpoint"):
        if vpc.owns(one) and value(one, "vpc_endpoint_type", "Gateway") == "Gateway":
            reason = f"{one.where}: cidr_blocks is known only after apply"
            yield PrefixList(one.address, f"prefix list of {one.address}", Unknown(reason))
    for one in plan.all("aws_ec2_managed_prefix_list"):
        yield PrefixList(one.address, one.address, _listed(plan, one))


def _listed(plan: Plan, one: Resource) -> tuple[Range, ...] | Unknown:
    """The entries written inline, and those that are resources of their own."""
    separate = [
        entry
        for entry in plan.all("aws_ec2_managed_prefix_list_entry")
        if identifier(entry, "prefix_list_id") == one.address
    ]
    found: list[Range] = []
    for entry in (*blocks(one, "entry", ["cidr"]), *separate):
        for cidr in [entry] if isinstance(entry, Unknown) else ranges(entry, "cidr"):
            if isinstance(cidr, Unknown):
                return cidr
            found.append(cidr)
    return tuple(found)


def _needed(resource: Resource, path: str) -> Ids:
    found = identifiers(resource, path)
    return Unknown(f"{resource.where} sets no {path}") if found is None else found


def _groups(resource: Resource, path: str, vpc: Vpc) -> Ids:
    """The security groups; the VPC's default group where none is named."""
    found = identifiers(resource, path)
    if isinstance(found, Unknown):
        return found
    return tuple(map(vpc.group, found)) if found else (vpc.default_group,)


def _load_balancer(plan: Plan, vpc: Vpc, one: Resource) -> Node:
    subnets = identifiers(one, "subnets")
    if subnets is None:
        mapped = one.nested("subnet_mapping") if one.sets("subnet_mapping") else []
        found = [identifier(block, "subnet_id") for block in mapped]
        doubt = next((each for each in found if isinstance(each, Unknown)), None)
        subnets = doubt or tuple(each for each in found if isinstance(each, str))
    groups = _groups(one, "security_groups", vpc)
    # A network load balancer without groups filters nothing.
    network = value(one, "load_balancer_type", "application") == "network"
    if network and identifiers(one, "security_groups") is None:
        groups = ()
    internal = value(one, "internal", False)
    kind = value(one, "ip_address_type", "ipv4")
    return Node(
        one.address,
        one.address,
        subnets,
        groups,
        public=internal if isinstance(internal, Unknown) else not internal,
        ipv6=kind if isinstance(kind, Unknown) else kind.startswith("dualstack"),
        listens=_listeners(plan, one),
        where=one.where,
    )


def _listeners(plan: Plan, one: Resource) -> tuple[int, ...] | Unknown:
    ports = []
    for listener in (*plan.all("aws_lb_listener"), *plan.all("aws_alb_listener")):
        owner = identifier(listener, "load_balancer_arn")
        port = value(listener, "port")
        if isinstance(owner, Unknown):
            return owner
        if owner == one.address:
            if isinstance(port, Unknown):
                return port
            ports.append(int(port))
    return tuple(ports)


def _service(vpc: Vpc, one: Resource) -> Node:
    network = next(iter(one.nested("network_configuration")), None)
    if network is None:
        return Node(one.address, one.address, Unknown(f"{one.where} runs on instances"), ())
    ports = [value(block, "container_port") for block in one.nested("load_balancer")]
    doubt = next((port for port in ports if isinstance(port, Unknown)), None)
    return Node(
        one.address,
        one.address,
        _needed(network, "subnets"),
        _groups(network, "security_groups", vpc),
        public=value(network, "assign_public_ip", False),
        # A task has an IPv6 address if its subnet has a range (ECS developer guide, "awsvpc").
        ipv6=True,
        listens=doubt or tuple(map(int, ports)) or None,
        where=one.where,
    )


def _database(plan: Plan, vpc: Vpc, one: Resource) -> Node:
    engine = value(one, "engine")
    usual = None if isinstance(engine, Unknown) else _ENGINE_PORTS.get(engine.split("-")[-1][:8])
    port = value(one, "port", usual)
    kind = value(one, "network_type", "IPV4")
    return Node(
        one.address,
        one.address,
        _grouped(plan, one, "db_subnet_group_name", "aws_db_subnet_group"),
        _groups(one, "vpc_security_group_ids", vpc),
        public=_public(plan, one),
        ipv6=kind if isinstance(kind, Unknown) else kind == "DUAL",
        listens=_listening(one, port),
        where=one.where,
    )


def _public(plan: Plan, cluster: Resource) -> bool | Unknown:
    """Whether one of the cluster's instances is public; by default none is."""
    names = {cluster.address, value(cluster, "cluster_identifier")}
    flags = [
        value(one, "publicly_accessible", False)
        for one in plan.all("aws_rds_cluster_instance")
        if identifier(one, "cluster_identifier") in names
    ]
    doubt = next((flag for flag in flags if isinstance(flag, Unknown)), False)
    return True if True in flags else doubt


def _cache(plan: Plan, vpc: Vpc, one: Resource) -> Node:
    kind = value(one, "network_type", "ipv4")
    return Node(
        one.address,
        one.address,
        _grouped(plan, one, "subnet_group_name", "aws_elasticache_subnet_group"),
        _groups(one, "security_group_ids", vpc),
        ipv6=kind if isinstance(kind, Unknown) else kind != "ipv4",
        listens=_listening(one, value(one, "port", _REDIS_PORT)),
        where=one.where,
    )


def _listening(one: Resource, port: object) -> tuple[int, ...] | Unknown:
    if isinstance(port, Unknown):
        return port
    return Unknown(f"{one.where} sets no port") if port is None else (int(str(port)),)


def _grouped(plan: Plan, one: Resource, path: str, kind: str) -> Ids:
    """The subnets of the subnet group that is named by reference or by its name."""
    name = identifier(one, path)
    if isinstance(name, Unknown):
        return name
    for group in plan.all(kind):
        if name is not None and name in (group.address, value(group, "name")):
            return _needed(group, "subnet_ids")
    return Unknown(f"{one.where}: subnet group {name or 'default'} is not in the plan")
