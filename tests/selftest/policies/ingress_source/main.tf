variable "port" {
  type = number
}

variable "private_subnets" {
  type = list(string)
}

resource "aws_security_group" "good_without_rules" {
  name = "app"
}

resource "aws_security_group" "good_from_group" {
  name = "app"

  ingress {
    from_port       = 3000
    to_port         = 3000
    protocol        = "tcp"
    security_groups = [aws_security_group.good_without_rules.id]
  }
}

resource "aws_security_group" "good_public_port" {
  name = "load-balancer"

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpc_security_group_ingress_rule" "good_from_group" {
  security_group_id            = aws_security_group.good_without_rules.id
  referenced_security_group_id = aws_security_group.good_from_group.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_security_group_rule" "good_egress" {
  type              = "egress"
  security_group_id = aws_security_group.good_without_rules.id
  cidr_blocks       = ["0.0.0.0/0"]
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
}

resource "aws_subnet" "private" {
  count = 3

  vpc_id     = "vpc-0123456789abcdef0"
  cidr_block = "10.0.${count.index}.0/24"
}

# The guide's group: the load balancer sits in the public subnets, so nobody gets in.
resource "aws_security_group" "bad_from_subnets" {
  name = "app"

  ingress {
    from_port   = 3000
    to_port     = 3000
    protocol    = "tcp"
    cidr_blocks = aws_subnet.private[*].cidr_block
  }
}

resource "aws_security_group" "bad_second_rule" {
  name = "database"

  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.good_from_group.id]
  }

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/16"]
  }
}

resource "aws_security_group_rule" "bad_from_internet" {
  type              = "ingress"
  security_group_id = aws_security_group.good_without_rules.id
  cidr_blocks       = ["0.0.0.0/0"]
  protocol          = "tcp"
  from_port         = 6379
  to_port           = 6379
}

resource "aws_vpc_security_group_ingress_rule" "bad_range_around_https" {
  security_group_id = aws_security_group.good_without_rules.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 8443
}

resource "aws_vpc_security_group_ingress_rule" "bad_every_port" {
  security_group_id = aws_security_group.good_without_rules.id
  cidr_ipv6         = "::/0"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "unknown_port" {
  security_group_id = aws_security_group.good_without_rules.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = var.port
}

resource "aws_security_group" "unknown_addresses" {
  name = "app"

  ingress {
    from_port   = 3000
    to_port     = 3000
    protocol    = "tcp"
    cidr_blocks = var.private_subnets
  }
}
