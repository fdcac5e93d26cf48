# The network of ../inline, with every rule, entry and route a resource of its own.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "aws_account_id" {
  type = string
}

locals {
  entries = {
    question = { egress = false, action = "allow", number = 100, first = 0, range = "10.0.0.0/16" }
    answer   = { egress = true, action = "allow", number = 100, first = 1024, range = "10.0.0.0/16" }
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "main" {}

resource "aws_internet_gateway_attachment" "main" {
  internet_gateway_id = aws_internet_gateway.main.id
  vpc_id              = aws_vpc.main.id
}

resource "aws_subnet" "public" {
  for_each = { a = 1, b = 2 }

  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.${each.value}.0/24"
  availability_zone = "us-east-1${each.key}"
}

resource "aws_subnet" "private" {
  for_each = { a = 11, b = 12 }

  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.${each.value}.0/24"
  availability_zone = "us-east-1${each.key}"
}

resource "aws_subnet" "isolated" {
  for_each = { a = 21, b = 22 }

  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.${each.value}.0/24"
  availability_zone = "us-east-1${each.key}"
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "main" {
  subnet_id     = aws_subnet.public["a"].id
  allocation_id = aws_eip.nat.id
}

# The private subnets have no association: this becomes the main table.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}

resource "aws_main_route_table_association" "private" {
  vpc_id         = aws_vpc.main.id
  route_table_id = aws_route_table.private.id
}

resource "aws_route" "private" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

# The VPC's own table, which is not the main one any more.
resource "aws_route_table_association" "isolated" {
  for_each = aws_subnet.isolated

  subnet_id      = each.value.id
  route_table_id = aws_vpc.main.default_route_table_id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id       = aws_vpc.main.id
  service_name = "com.amazonaws.us-east-1.s3"
}

resource "aws_vpc_endpoint_route_table_association" "s3" {
  vpc_endpoint_id = aws_vpc_endpoint.s3.id
  route_table_id  = aws_route_table.private.id
}

resource "aws_vpc_endpoint" "logs" {
  vpc_id              = aws_vpc.main.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.us-east-1.logs"
  subnet_ids          = [aws_subnet.isolated["a"].id]
  security_group_ids  = [aws_security_group.logs.id]
  private_dns_enabled = true
}

# The other subnets use the ACL that AWS makes; without its UDP entry nothing else differs.
resource "aws_network_acl" "isolated" {
  vpc_id = aws_vpc.main.id
}

resource "aws_network_acl_association" "isolated" {
  for_each = aws_subnet.isolated

  network_acl_id = aws_network_acl.isolated.id
  subnet_id      = each.value.id
}

resource "aws_network_acl_rule" "isolated" {
  for_each = local.entries

  network_acl_id = aws_network_acl.isolated.id
  rule_number    = each.value.number
  egress         = each.value.egress
  rule_action    = each.value.action
  protocol       = "tcp"
  cidr_block     = each.value.range
  from_port      = each.value.first
  to_port        = 65535
}

resource "aws_network_acl_rule" "isolated_denied" {
  network_acl_id = aws_network_acl.isolated.id
  rule_number    = 90
  rule_action    = "deny"
  protocol       = "tcp"
  cidr_block     = "10.0.12.0/24"
  from_port      = 5432
  to_port        = 5432
}

resource "aws_security_group" "lb" {
  name_prefix = "lb-"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group_rule" "lb_http" {
  type              = "ingress"
  security_group_id = aws_security_group.lb.id
  protocol          = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_blocks       = ["0.0.0.0/1", "128.0.0.0/1"]
}

resource "aws_vpc_security_group_egress_rule" "lb" {
  for_each = { four = "0.0.0.0/0" }

  security_group_id = aws_security_group.lb.id
  ip_protocol       = "-1"
  cidr_ipv4         = each.value
}

resource "aws_vpc_security_group_egress_rule" "lb_six" {
  security_group_id = aws_security_group.lb.id
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"
}

resource "aws_security_group" "app" {
  name   = "app"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "app_from_lb" {
  security_group_id            = aws_security_group.app.id
  ip_protocol                  = "tcp"
  from_port                    = 3000
  to_port                      = 3000
  referenced_security_group_id = aws_security_group.lb.id
}

resource "aws_security_group_rule" "app_from_app" {
  type              = "ingress"
  security_group_id = aws_security_group.app.id
  protocol          = "tcp"
  from_port         = 4000
  to_port           = 4000
  self              = true
}

resource "aws_security_group_rule" "app_to_vpc" {
  type              = "egress"
  security_group_id = aws_security_group.app.id
  protocol          = "tcp"
  from_port         = 0
  to_port           = 65535
  cidr_blocks       = [aws_vpc.main.cidr_block]
}

resource "aws_vpc_security_group_egress_rule" "app_to_s3" {
  security_group_id = aws_security_group.app.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_security_group" "database" {
  name   = "database"
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "database_from_app" {
  type                     = "ingress"
  security_group_id        = aws_security_group.database.id
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = aws_security_group.app.id
}

resource "aws_vpc_security_group_ingress_rule" "database_six" {
  security_group_id = aws_security_group.database.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv6         = "::/0"
}

resource "aws_security_group" "logs" {
  name   = "logs"
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "logs_from_tasks" {
  type              = "ingress"
  security_group_id = aws_security_group.logs.id
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_ids   = [aws_ec2_managed_prefix_list.tasks.id]
}

resource "aws_security_group" "vendor" {
  name   = "vendor"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "vendor" {
  security_group_id = aws_security_group.vendor.id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "${aws_eip.nat.public_ip}/32"
}

resource "aws_security_group" "metered" {
  name   = "metered"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "metered" {
  security_group_id = aws_security_group.metered.id
  ip_protocol       = "tcp"
  from_port         = aws_rds_cluster.main.port
  to_port           = aws_rds_cluster.main.port
  cidr_ipv4         = "10.0.11.0/24"
}

resource "aws_ec2_managed_prefix_list" "tasks" {
  name           = "tasks"
  address_family = "IPv4"
  max_entries    = 2
}

resource "aws_ec2_managed_prefix_list_entry" "tasks" {
  for_each = aws_subnet.private

  prefix_list_id = aws_ec2_managed_prefix_list.tasks.id
  cidr           = each.value.cidr_block
}
