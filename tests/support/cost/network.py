"""Gateways, addresses, the load balancer, the firewall, the distribution and names."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.cost.counting import KB_PER_GB, MILLION, Month, blocks, chosen, unpriced
from tests.support.cost.estimate import Quantity
from tests.support.cost.load import HOUR_SECONDS
from tests.support.outcomes import Invalid
from tests.support.planned_resource import Resource

# A load balancer capacity unit holds so much (Elastic Load Balancing pricing).
LCU_GB_PER_HOUR = 1
LCU_NEW_CONNECTIONS_PER_SECOND = 25
# AWS-managed rule groups without a fee of their own, and the capacity that each takes of the web
# ACL's (AWS WAF developer guide, "AWS Managed Rules rule groups list"). Beyond that limit AWS
# charges requests more (AWS WAF pricing).
CAPACITY_WITHOUT_SURCHARGE = 1500
CAPACITIES = {
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
}


def elastic_address(month: Month, address: Resource) -> Iterator[Quantity]:
    """A public IPv4 address, in use or idle."""
    yield month.quantity(address, "vpc.public_ipv4_hour", month.hours)


def nat_gateway(month: Month, gateway: Resource) -> Iterator[Quantity]:
    """Hours, its part of the traffic, and what of it goes on to the internet."""
    yield month.quantity(gateway, "nat_gateway.hour", month.hours)
    among = len(month.plan.all("aws_nat_gateway"))
    traffic = month.assumed(month.assumptions.nat_gb) / among
    internet = month.assumed(month.assumptions.internet_gb) / among
    yield month.quantity(gateway, "nat_gateway.processed_gb", traffic)
    yield month.quantity(gateway, "transfer.to_internet_gb", internet)


def endpoint(month: Month, one: Resource) -> Iterator[Quantity]:
    """Interface endpoints by zone and traffic; gateway endpoints are free."""
    kind = chosen(one, "vpc_endpoint_type", "Gateway")
    if kind == "Gateway":
        return
    if kind != "Interface":
        raise unpriced(one, f"a {kind} endpoint")
    zones = len(one.symbolic("subnet_ids") or [])
    if not zones:
        raise Invalid(f"{one.where}: how many subnets the endpoint has is known only after apply")
    yield month.quantity(one, "vpc.endpoint_hour", zones * month.hours)
    yield month.quantity(one, "vpc.endpoint_gb", month.assumed(month.assumptions.endpoint_gb))


def load_balancer(month: Month, balancer: Resource) -> Iterator[Quantity]:
    """Hours, capacity units, and what facing the internet costs."""
    if (kind := chosen(balancer, "load_balancer_type", "application")) != "application":
        raise unpriced(balancer, f"a {kind} load balancer")
    yield month.quantity(balancer, "load_balancer.hour", month.hours)
    yield month.quantity(balancer, "load_balancer.capacity_unit_hour", _capacity_units(month))
    if not chosen(balancer, "internal", False):
        yield from _public_side(month, balancer)


def _public_side(month: Month, balancer: Resource) -> Iterator[Quantity]:
    """An IPv4 address in each subnet, and the replies to users where no CloudFront gives them.

    What a load balancer answers CloudFront is free (Amazon CloudFront pricing).
    """
    if chosen(balancer, "ip_address_type", "ipv4") != "dualstack-without-public-ipv4":
        subnets = balancer.symbolic("subnets") or balancer.symbolic("subnet_mapping")
        if not subnets:
            raise Invalid(f"{balancer.where}: its subnets are known only after apply")
        yield month.quantity(balancer, "vpc.public_ipv4_hour", len(subnets) * month.hours)
    if not month.plan.all("aws_cloudfront_distribution"):
        yield month.quantity(balancer, "transfer.to_internet_gb", _gb_to_viewers(month))


def _capacity_units(month: Month) -> float:
    """Unit-hours: of what a unit holds, the dimension that is used most decides."""
    assumed, assumptions, requests = month.assumed, month.assumptions, month.load.requests
    processed_gb = requests * assumed(assumptions.response_kb) / KB_PER_GB
    connections = requests * assumed(assumptions.new_connections_per_request)
    per_unit_hour = LCU_NEW_CONNECTIONS_PER_SECOND * HOUR_SECONDS
    return max(processed_gb / LCU_GB_PER_HOUR, connections / per_unit_hour)


def web_acl(month: Month, acl: Resource) -> Iterator[Quantity]:
    """The list, each of its rules, and the requests that it inspects."""
    rules = acl.nested("rule")
    if sum(_capacity(acl, rule) for rule in rules) > CAPACITY_WITHOUT_SURCHARGE:
        raise unpriced(acl, f"capacity beyond {CAPACITY_WITHOUT_SURCHARGE} units")
    edge = acl.value("scope") == "CLOUDFRONT"
    requests = month.edge_requests if edge else month.load.requests
    yield month.quantity(acl, "waf.web_acl", 1)
    yield month.quantity(acl, "waf.rule", len(rules))
    yield month.quantity(acl, "waf.request_million", requests / MILLION)


def _capacity(acl: Resource, rule: Resource) -> int:
    """What the managed groups of a rule take; Invalid for one that may have a fee of its own."""
    capacity = 0
    for statement in rule.nested("statement"):
        for group in statement.nested("managed_rule_group_statement"):
            vendor, name = group.value("vendor_name"), group.value("name")
            if vendor != "AWS" or name not in CAPACITIES:
                raise unpriced(acl, f"rule group {name} of {vendor}")
            capacity += CAPACITIES[name]
    return capacity


def distribution(month: Month, one: Resource) -> Iterator[Quantity]:
    """Requests and bytes to viewers, in the price class's regions."""
    for origin in one.nested("origin"):
        if origin.symbolic("origin_shield"):
            raise unpriced(one, "Origin Shield")
    if one.value("viewer_certificate[0].ssl_support_method") == "vip":
        yield month.quantity(one, "cloudfront.dedicated_address", 1)
    price_class = chosen(one, "price_class", "PriceClass_All")
    million = month.edge_requests / MILLION
    yield month.quantity(one, f"cloudfront.{price_class}.https_million", million)
    yield month.quantity(one, f"cloudfront.{price_class}.gb", _gb_to_viewers(month))


def _gb_to_viewers(month: Month) -> float:
    assets = month.edge_requests - month.load.requests
    kb = month.load.requests * month.assumed(month.assumptions.response_kb)
    return (kb + assets * month.assumed(month.assumptions.asset_kb)) / KB_PER_GB


def hosted_zone(month: Month, zone: Resource) -> Iterator[Quantity]:
    """The zone, and queries that no alias to AWS answers."""
    queries = month.assumed(month.assumptions.dns_query_millions)
    yield month.quantity(zone, "route53.zone", 1)
    yield month.quantity(zone, "route53.query_million", queries)


def certificate(month: Month, one: Resource) -> Iterator[Quantity]:
    """Nothing: public certificates are free. A private or exportable one is not."""
    if one.sets("certificate_authority_arn") and one.symbolic("certificate_authority_arn"):
        raise unpriced(one, "a certificate of a private authority")
    if any(options.symbolic("export") == "ENABLED" for options in blocks(one, "options")):
        raise unpriced(one, "an exportable certificate")
    yield from ()


def flow_log(month: Month, one: Resource) -> Iterator[Quantity]:
    """Nothing by itself: what it writes is counted with the log group."""
    kind = chosen(one, "log_destination_type", "cloud-watch-logs")
    if kind != "cloud-watch-logs":
        raise unpriced(one, f"a flow log to {kind}")
    yield from ()
