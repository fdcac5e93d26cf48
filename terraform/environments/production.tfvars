environment    = "production"
aws_account_id = "333344445555"
domain_name    = "admin.mantisnxt.com"

single_nat_gateway = false

db_instance_class         = "db.r6g.large"
db_replica_instance_class = "db.t4g.large"
redis_node_type           = "cache.m6g.large"

app_desired_count      = 3
app_min_count          = 3
app_max_count          = 10
app_off_peak_min_count = 2
use_spot               = false

stack_auth_project_id      = "mantisnxt-production"
stack_auth_publishable_key = "pck_production"
twilio_phone_number        = "+15005550006"

alert_email        = "ops@mantisnxt.com"
log_retention_days = 365
monthly_budget_usd = 1200

# The account's own monitor of services, where there is one: aws ce get-anomaly-monitors.
cost_anomaly_monitor_arn = null

github_repository = "mantisnxt/admin-panel"
github_branch     = "main"
