# Cheap, and allowed to stop with a zone. Put your own values where it says example; secrets are never here.
environment     = "dev"
account_id      = "111122223333"
region          = "us-east-1"
protected       = false
zones           = ["us-east-1a", "us-east-1b"]
nat_gateways    = 1
broker          = "ec2"
sources         = "simulator"
image_tag       = "0.1.0"
domain          = "ticklake-dev.example.com"
certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/example"
dashboard_cidrs = ["203.0.113.0/24"]
alarm_emails    = ["desk@example.com"]
budget_usd      = 350

kafka = {
  nodes         = 1
  instance_type = "t3a.medium"
  disk_gb       = 50
}

# The warehouse sleeps between loads; the live tail goes on.
loads = {
  interval_s = 900
  hints      = false
}

sizes = {
  producer  = { cpu = 256, memory = 512 }
  consumer  = { cpu = 512, memory = 1024, most = 2 }
  alerts    = { cpu = 256, memory = 1024 }
  dashboard = { cpu = 512, memory = 2048 }
  operator  = { cpu = 256, memory = 1024 }
  airflow   = { cpu = 1024, memory = 4096 }
}

oidc = {
  client_id    = "ticklake"
  metadata_url = "https://login.example.com/.well-known/openid-configuration"
}

snowflake = {
  organization = "MYORG"
  account      = "MYACCOUNT"
  user         = "TERRAFORM"
  database     = "TICKLAKE_DEV"
  credit_quota = 250
  operator_ips = ["203.0.113.10"]

  # docs/deploy.md makes them; these are no keys.
  public_keys = {
    LOADER    = "MIIB-example"
    DASHBOARD = "MIIB-example"
    ALERTS    = "MIIB-example"
    OPERATOR  = "MIIB-example"
  }
}
