environment    = "develop"
aws_account_id = "111122223333"
domain_name    = "admin.develop.mantisnxt.com"

single_nat_gateway = true

db_instance_class         = "db.t4g.medium"
db_replica_instance_class = "db.t4g.medium"
redis_node_type           = "cache.t4g.medium"

app_desired_count      = 1
app_min_count          = 1
app_max_count          = 3
app_off_peak_min_count = 1
use_spot               = true

stack_auth_project_id      = "mantisnxt-develop"
stack_auth_publishable_key = "pck_develop"
twilio_phone_number        = "+15005550006"

alert_email        = "ops@mantisnxt.com"
log_retention_days = 30
monthly_budget_usd = 600

# The account's own monitor of services, where there is one: aws ce get-anomaly-monitors.
cost_anomaly_monitor_arn = null

github_repository = "mantisnxt/admin-panel"
github_branch     = "develop"
