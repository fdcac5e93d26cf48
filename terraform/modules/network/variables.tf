# Names follow terraform-aws-modules/vpc/aws, so that either module can stand in for the other.

variable "name" {
  description = "Name of the VPC and prefix of what is in it."
  type        = string
}

variable "cidr" {
  description = "Address range of the VPC."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr))
    error_message = "cidr must be an IPv4 range such as 10.0.0.0/16."
  }
}

variable "azs" {
  description = "Availability zones, in the order of the subnet lists."
  type        = list(string)
}

variable "public_subnets" {
  description = "Address ranges of the public subnets, one per zone."
  type        = list(string)
}

variable "private_subnets" {
  description = "Address ranges of the private subnets, one per zone."
  type        = list(string)
}

variable "database_subnets" {
  description = "Address ranges of the database subnets, one per zone."
  type        = list(string)
  default     = []
}

variable "create_database_subnet_group" {
  description = "Create a DB subnet group over the database subnets."
  type        = bool
  default     = true
}

variable "create_database_subnet_route_table" {
  description = "Give the database subnets a route table of their own, without a way to the internet; otherwise they share the private ones."
  type        = bool
  default     = false
}

variable "enable_nat_gateway" {
  description = "Give the private subnets a way out through NAT gateways."
  type        = bool
  default     = false
}

variable "single_nat_gateway" {
  description = "Share one NAT gateway between all zones."
  type        = bool
  default     = false
}

variable "enable_vpn_gateway" {
  description = "Attach a VPN gateway."
  type        = bool
  default     = false
}

variable "enable_dns_hostnames" {
  description = "Give instances DNS names."
  type        = bool
  default     = true
}

variable "enable_dns_support" {
  description = "Resolve DNS names inside the VPC."
  type        = bool
  default     = true
}

variable "enable_flow_log" {
  description = "Record the VPC's traffic."
  type        = bool
  default     = false
}

variable "create_flow_log_cloudwatch_iam_role" {
  description = "Create the role by which flow logs reach CloudWatch Logs."
  type        = bool
  default     = false
}

variable "create_flow_log_cloudwatch_log_group" {
  description = "Create the log group that receives the flow log."
  type        = bool
  default     = false
}

variable "flow_log_cloudwatch_log_group_retention_in_days" {
  description = "Retention of the flow log, in days."
  type        = number
  default     = null
}

variable "flow_log_cloudwatch_log_group_kms_key_id" {
  description = "ARN of the key that encrypts the flow log."
  type        = string
  default     = null
}

variable "flow_log_max_aggregation_interval" {
  description = "Seconds over which flows are aggregated: 60 or 600."
  type        = number
  default     = 600
}

variable "tags" {
  description = "Tags for everything in the module."
  type        = map(string)
  default     = {}
}
