"""Probes of the network's gaps, and a small network for the others."""

from __future__ import annotations

from typing import Any

from tests.selftest.emulator.probes import probe
from tests.support.emulator import EmulatorSession

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


def subnets(session: EmulatorSession, block: str) -> list[str]:
    """A new VPC's three subnets, one per zone. `block` is the /16's second octet."""
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=f"10.{block}.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{block}.{number}.0/24", AvailabilityZone=zone)[
            "Subnet"
        ]["SubnetId"]
        for number, zone in enumerate(ZONES)
    ]


def security_group(session: EmulatorSession, name: str, subnet: str) -> str:
    """A new security group in the VPC of a subnet."""
    ec2 = session.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    made: Any = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
    return str(made["GroupId"])


@probe("ec2/rule descriptions")
def rule_descriptions(session: EmulatorSession) -> None:
    """The description of a rule between two groups reads back, both ways AWS shows it."""
    ec2 = session.client("ec2")
    subnet = subnets(session, "41")[0]
    source, target = (security_group(session, name, subnet) for name in ("source", "target"))
    rule = between(session, source, target)
    assert _described(session, rule, target) == ("both ways", "both ways", "both ways")
    ec2.modify_security_group_rules(
        GroupId=target,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": rule,
                "SecurityGroupRule": {
                    "IpProtocol": "tcp",
                    "FromPort": 80,
                    "ToPort": 80,
                    "ReferencedGroupId": source,
                    "Description": "changed",
                },
            }
        ],
    )
    assert _described(session, rule, target) == ("changed", "changed", "both ways")


def between(session: EmulatorSession, source: str, target: str) -> str:
    """Let two groups talk on port 80, in and out of `target`; the id of the inbound rule."""
    ec2 = session.client("ec2")
    pair = {"GroupId": source, "Description": "both ways"}
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}
    asked: dict[str, Any] = {"GroupId": target, "IpPermissions": [permission]}
    ec2.authorize_security_group_egress(**asked)
    made = ec2.authorize_security_group_ingress(**asked)
    return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def _described(session: EmulatorSession, rule: str, target: str) -> tuple[str, str, str]:
    """A rule's description; that of the inbound permission of its group, and the outbound one."""
    ec2 = session.client("ec2")
    rules = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    group = ec2.describe_security_groups(GroupIds=[target])["SecurityGroups"][0]
    inbound, outbound = (
        next(pair for one in group[field] for pair in one["UserIdGroupPairs"])
        for field in ("IpPermissions", "IpPermissionsEgress")
    )
    return rules[0]["Description"], inbound["Description"], outbound["Description"]


@probe("ec2/blackhole routes")
def blackhole_routes(session: EmulatorSession) -> None:
    """A route is active while its NAT gateway exists and leads nowhere afterwards."""
    ec2 = session.client("ec2")
    subnet = subnets(session, "42")[0]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    gateway = made["NatGateway"]["NatGatewayId"]
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)

    def states() -> list[str]:
        tables = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return [route["State"] for route in tables[0]["Routes"] if "NatGatewayId" in route]

    assert states() == ["active"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert states() == ["blackhole"]


@probe("ec2/flow log delivery")
def flow_log_delivery(session: EmulatorSession) -> None:
    """A flow log writes to the log group that its ARN names, while that and its role exist."""
    ec2, logs, iam = session.client("ec2"), session.client("logs"), session.client("iam")
    logs.create_log_group(logGroupName="/flows")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = iam.create_role(RoleName="flows", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    subnet = subnets(session, "44")[0]
    made = ec2.create_flow_logs(
        ResourceType="Subnet",
        ResourceIds=[subnet],
        TrafficType="ALL",
        LogDestination=f"arn:aws:logs:us-east-1:{role.split(':')[4]}:log-group:/flows",
        DeliverLogsPermissionArn=role,
    )

    def status() -> str:
        found = ec2.describe_flow_logs(FlowLogIds=made["FlowLogIds"])["FlowLogs"][0]
        return str(found["DeliverLogsStatus"])

    assert status() == "SUCCESS"
    iam.delete_role(RoleName="flows")
    assert status() == "FAILED"
    iam.create_role(RoleName="flows", AssumeRolePolicyDocument=trust)
    logs.delete_log_group(logGroupName="/flows")
    assert status() == "FAILED"


@probe("elbv2/scheme")
def scheme(session: EmulatorSession) -> None:
    """A load balancer faces the internet unless it was made internal."""
    elbv2 = session.client("elbv2")
    places = subnets(session, "45")[:2]
    made = elbv2.create_load_balancer(Name="open", Subnets=places)["LoadBalancers"][0]
    assert made["Scheme"] == "internet-facing"
    elbv2.create_load_balancer(Name="closed", Subnets=places, Scheme="internal")
    found = elbv2.describe_load_balancers(Names=["open", "closed"])["LoadBalancers"]
    schemes = {one["LoadBalancerName"]: one["Scheme"] for one in found}
    assert schemes == {"open": "internet-facing", "closed": "internal"}


@probe("elbv2/plain listeners")
def plain_listeners(session: EmulatorSession) -> None:
    """An HTTP listener has no SSL policy."""
    elbv2 = session.client("elbv2")
    balancer = elbv2.create_load_balancer(Name="plain", Subnets=subnets(session, "43")[:2])
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action])
    listener = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"][0]
    assert "SslPolicy" not in listener
    changed = elbv2.modify_listener(ListenerArn=listener["ListenerArn"], Port=81)
    assert "SslPolicy" not in changed["Listeners"][0]
