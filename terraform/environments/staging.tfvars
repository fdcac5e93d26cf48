environment    = "staging"
aws_account_id = "222233334444"
domain_name    = "admin.staging.mantisnxt.com"

single_nat_gateway = true

db_instance_class         = "db.t4g.large"
db_replica_instance_class = "db.t4g.medium"
redis_node_type           = "cache.t4g.medium"

app_desired_count      = 2
app_min_count          = 2
app_max_count          = 6
app_off_peak_min_count = 1
use_spot               = false

stack_auth_project_id      = "mantisnxt-staging"
stack_auth_publishable_key = "pck_staging"
twilio_phone_number        = "+15005550006"

alert_email        = "ops@mantisnxt.com"
log_retention_days = 30
monthly_budget_usd = 800

# The account's own monitor of services, where there is one: aws ce get-anomaly-monitors.
cost_anomaly_monitor_arn = null

github_repository = "mantisnxt/admin-panel"
github_branch     = "staging"
