output "url" {
  description = "Address of the admin panel."
  value       = "https://${var.domain_name}"
}

output "name_servers" {
  description = "Name servers to delegate the environment's zone to."
  value       = aws_route53_zone.main.name_servers
}

output "alb_dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.main.dns_name
}

output "cloudfront_distribution_id" {
  description = "Id of the distribution, for invalidations."
  value       = aws_cloudfront_distribution.main.id
}

output "assets_bucket" {
  description = "Bucket of the static assets."
  value       = module.assets.id
}

output "ecr_repository_url" {
  description = "Registry address of the application's images."
  value       = aws_ecr_repository.app.repository_url
}

output "ecs_cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.main.name
}

output "ecs_service_name" {
  description = "Name of the application's ECS service."
  value       = aws_ecs_service.app.name
}

output "database_endpoint" {
  description = "Writer endpoint of Aurora."
  value       = aws_rds_cluster.main.endpoint
}

output "redis_primary_endpoint" {
  description = "Primary endpoint of Redis."
  value       = aws_elasticache_replication_group.main.primary_endpoint_address
}

output "deploy_role_arn" {
  description = "Role by which the pipeline deploys."
  value       = aws_iam_role.deploy.arn
}

output "audit_role_arn" {
  description = "Role by which the pipeline's tiers look at the environment."
  value       = aws_iam_role.audit.arn
}

output "private_subnet_ids" {
  description = "Subnets of the migrations task."
  value       = module.vpc.private_subnets
}

output "app_security_group_id" {
  description = "Security group of the migrations task."
  value       = aws_security_group.app.id
}

output "alerts_topic_arn" {
  description = "Topic of every alarm."
  value       = aws_sns_topic.alerts.arn
}
