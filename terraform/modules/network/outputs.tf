# Names follow terraform-aws-modules/vpc/aws. A load balancer that faces the internet is refused in
# a subnet without a way there, so the public subnets are given out with their routes.

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr_block" {
  description = "Address range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "azs" {
  description = "Availability zones in use."
  value       = var.azs
}

output "igw_id" {
  description = "Id of the internet gateway."
  value       = aws_internet_gateway.this.id
}

output "natgw_ids" {
  description = "Ids of the NAT gateways."
  value       = aws_nat_gateway.this[*].id
}

output "nat_public_ips" {
  description = "Public addresses of the NAT gateways."
  value       = aws_eip.nat[*].public_ip
}

output "public_subnets" {
  description = "Ids of the public subnets."
  value       = aws_subnet.public[*].id
  depends_on  = [aws_route.public_internet_gateway, aws_route_table_association.public]
}

output "public_subnets_cidr_blocks" {
  description = "Address ranges of the public subnets."
  value       = aws_subnet.public[*].cidr_block
}

output "public_route_table_ids" {
  description = "Ids of the public route tables."
  value       = [aws_route_table.public.id]
}

output "private_subnets" {
  description = "Ids of the private subnets."
  value       = aws_subnet.private[*].id
}

output "private_subnets_cidr_blocks" {
  description = "Address ranges of the private subnets."
  value       = aws_subnet.private[*].cidr_block
}

output "private_route_table_ids" {
  description = "Ids of the private route tables."
  value       = aws_route_table.private[*].id
}

output "database_subnets" {
  description = "Ids of the database subnets."
  value       = aws_subnet.database[*].id
}

output "database_subnets_cidr_blocks" {
  description = "Address ranges of the database subnets."
  value       = aws_subnet.database[*].cidr_block
}

output "database_route_table_ids" {
  description = "Ids of the database subnets' route tables."
  value       = coalescelist(aws_route_table.database[*].id, aws_route_table.private[*].id)
}

output "database_subnet_group_name" {
  description = "Name of the DB subnet group, if the module made one."
  value       = one(aws_db_subnet_group.database[*].name)
}

output "default_security_group_id" {
  description = "Id of the default security group, which admits nothing."
  value       = aws_default_security_group.this.id
}

output "vgw_id" {
  description = "Id of the VPN gateway, if there is one."
  value       = one(aws_vpn_gateway.this[*].id)
}

output "vpc_flow_log_id" {
  description = "Id of the flow log."
  value       = one(aws_flow_log.this[*].id)
}
