"""VPC details: descriptions of group-to-group rules, and routes whose target is gone."""

from __future__ import annotations

from tests.support.emulator.registry import Call, Document, declare

DESCRIPTIONS = declare(
    "ec2",
    "rule descriptions",
    "A security group rule that refers to another group loses its description.",
)
BLACKHOLES = declare("ec2", "blackhole routes", "A route to a deleted NAT gateway stays active.")


@DESCRIPTIONS.fills("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def authorize(call: Call) -> Document:
    """Authorize in moto and remember the descriptions."""
    answer = call.proceed()
    wanted = {
        (*_ports(permission), pair.get("GroupId")): pair.get("Description")
        for permission in call.params.get("IpPermissions", [])
        for pair in permission.get("UserIdGroupPairs", [])
    }
    for rule in answer.get("SecurityGroupRules", []):
        group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
        description = wanted.get((*_ports(rule), group)) if group else None
        if description:
            call.table("descriptions")[rule["SecurityGroupRuleId"]] = description
            rule["Description"] = description
    return answer


def _ports(permission: Document) -> tuple[str, int, int]:
    """Protocol and ports of a permission or rule; AWS leaves the ports out or says -1 for all."""
    first, last = permission.get("FromPort", -1), permission.get("ToPort", -1)
    return str(permission["IpProtocol"]), int(first), int(last)


@DESCRIPTIONS.fills("ModifySecurityGroupRules")
def modify(call: Call) -> Document:
    """Modify in moto and remember the descriptions."""
    answer = call.proceed()
    for change in call.params["SecurityGroupRules"]:
        rule = change["SecurityGroupRule"]
        if rule.get("ReferencedGroupId") and "Description" in rule:
            call.table("descriptions")[change["SecurityGroupRuleId"]] = rule["Description"]
    return answer


@DESCRIPTIONS.fills("DescribeSecurityGroupRules")
def describe_rules(call: Call) -> Document:
    """moto's rules with the descriptions it lost."""
    answer = call.proceed()
    for rule in answer["SecurityGroupRules"]:
        description = call.table("descriptions").get(rule["SecurityGroupRuleId"])
        if description is not None:
            rule["Description"] = description
    return answer


@DESCRIPTIONS.fills("DescribeSecurityGroups")
def describe_groups(call: Call) -> Document:
    """moto's groups with the descriptions of their group-to-group rules."""
    answer = call.proceed()
    known = call.table("descriptions")
    if not known:
        return answer
    rules = call.emulator("DescribeSecurityGroupRules", {})["SecurityGroupRules"]
    texts = {
        (
            rule["GroupId"],
            rule["IsEgress"],
            *_ports(rule),
            rule["ReferencedGroupInfo"]["GroupId"],
        ): known[rule["SecurityGroupRuleId"]]
        for rule in rules
        if rule["SecurityGroupRuleId"] in known
    }
    for group in answer["SecurityGroups"]:
        for egress, field in ((False, "IpPermissions"), (True, "IpPermissionsEgress")):
            for permission in group.get(field, []):
                for pair in permission.get("UserIdGroupPairs", []):
                    place = (group["GroupId"], egress, *_ports(permission), pair.get("GroupId"))
                    if place in texts:
                        pair["Description"] = texts[place]
    return answer


@BLACKHOLES.fills("DescribeRouteTables")
def describe_route_tables(call: Call) -> Document:
    """moto's tables; a route whose NAT gateway is gone leads nowhere."""
    answer = call.proceed()
    routes = [route for table in answer["RouteTables"] for route in table.get("Routes", [])]
    through = [route for route in routes if route.get("NatGatewayId")]
    if through:
        gateways = call.emulator("DescribeNatGateways", {})["NatGateways"]
        alive = {
            one["NatGatewayId"] for one in gateways if one["State"] in ("available", "pending")
        }
        for route in through:
            route["State"] = "active" if route["NatGatewayId"] in alive else "blackhole"
    return answer
