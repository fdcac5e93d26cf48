output "public_subnets" {
  value = []
}
