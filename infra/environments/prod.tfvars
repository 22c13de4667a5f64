# Goes on when a zone does not. Put your own values where it says example; secrets are never here.
environment     = "prod"
account_id      = "444455556666"
region          = "us-east-1"
protected       = true
zones           = ["us-east-1a", "us-east-1b", "us-east-1c"]
nat_gateways    = 3
broker          = "msk"
partitions      = 12
sources         = "coinbase"
image_tag       = "0.1.0"
domain          = "ticklake.example.com"
certificate_arn = "arn:aws:acm:us-east-1:444455556666:certificate/example"
dashboard_cidrs = ["203.0.113.0/24"]
alarm_emails    = ["desk@example.com", "on-call@example.com"]
budget_usd      = 1800
log_days        = 90

# Much is pulled and logged, and secrets must be there when the way to the internet is not.
interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "sts"]

sizes = {
  producer  = { cpu = 512, memory = 1024 }
  consumer  = { cpu = 1024, memory = 2048, count = 2, most = 6 }
  alerts    = { cpu = 512, memory = 1024, count = 2, most = 2 }
  dashboard = { cpu = 1024, memory = 4096, count = 2, most = 6 }
  operator  = { cpu = 256, memory = 1024 }
  airflow   = { cpu = 2048, memory = 8192 }
}

airflow_database = {
  class = "db.t4g.small"
}

oidc = {
  client_id    = "ticklake"
  metadata_url = "https://login.example.com/.well-known/openid-configuration"
}

snowflake = {
  organization = "MYORG"
  account      = "MYACCOUNT"
  user         = "TERRAFORM"
  credit_quota = 1100
  notify_users = []
  operator_ips = ["203.0.113.10"]
  members      = {}

  # docs/deploy.md makes them; these are no keys.
  public_keys = {
    LOADER    = "MIIB-example"
    DASHBOARD = "MIIB-example"
    ALERTS    = "MIIB-example"
    OPERATOR  = "MIIB-example"
  }
}
