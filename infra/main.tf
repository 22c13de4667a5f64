# Ticklake on AWS and Snowflake: `terraform init && terraform workspace select -or-create dev && terraform apply -var-file
# environments/dev.tfvars`. docs/deploy.md is the whole road.

data "aws_partition" "current" {}

locals {
  name              = "ticklake-${var.environment}"
  partition         = data.aws_partition.current.partition
  nodes             = var.broker == "ec2" ? [for number in range(1, var.kafka.nodes + 1) : tostring(number)] : []
  names             = { dashboard = var.domain, airflow = "airflow.${var.domain}" }
  snowflake_account = "${var.snowflake.organization}-${var.snowflake.account}"

  # Named before it exists: Snowflake's integration is told the name, and the role's trust is told Snowflake's answer.
  lake_role_arn = "arn:${local.partition}:iam::${var.account_id}:role/${local.name}-snowflake"

  secrets = merge(
    {
      warehouse-loader    = "Private key of the Snowflake user of Airflow, PEM"
      warehouse-dashboard = "Private key of the Snowflake user of the dashboard, PEM"
      warehouse-alerts    = "Private key of the Snowflake user of the alerts service, PEM"
      warehouse-operator  = "Private key of the Snowflake user of who applies the versioned SQL, PEM"
      oidc-client         = "Client secret of the dashboard at the OpenID Connect provider"
      oidc-cookie         = "What the dashboard's cookies are signed with, 32 characters or more"
    },
    { for source in setintersection(split(",", var.sources), ["finnhub", "alphavantage"]) : "${source}-key" => "Key of the account at ${source}" },
    { for channel in var.notify : "notify-${channel}" => "Address at ${channel} that Airflow tells of alarms and failed tasks" },
    var.airflow != "ecs" ? {} : {
      airflow-database  = "Password of Airflow's database, letters and digits"
      airflow-fernet    = "What Airflow's connections are encrypted with"
      airflow-jwt       = "What Airflow's processes sign their tokens with"
      airflow-api       = "What Airflow's sessions are signed with"
      airflow-passwords = "Passwords of Airflow's users, a JSON object"
    },
    var.broker != "ec2" ? {} : merge(
      { kafka-ca = "The authority of the brokers' certificates, PEM" },
      { for service in ["producer", "consumer", "alerts", "dashboard", "airflow", "operator"] : "kafka-${service}" => "SCRAM password of ticklake-${service}" },
      { for number in local.nodes : "kafka-node-${number}" => "What infra/scripts/kafka_secrets.sh has made for node ${number}, tar.gz in base64" },
    ),
  )

  warehouse = {
    account  = local.snowflake_account
    database = module.snowflake.database
    services = module.snowflake.services
  }

  # What waits for a timed load is not late before that load can have ended.
  loads = merge(var.loads, { for name, hinted_s in { target_s = 60, slow_s = 30 } : name => var.loads.hints ? hinted_s : var.loads.interval_s + 120 })

  # Behind TICKLAKE_: what is set here, what topics and rights are made for, and what is a secret.
  own_settings = [
    "HOME", "SECRETS_DIR", "CONFIG_FILE", "QUALITY_RULES_FILE", "SOURCES", "LIFECYCLE_OWNER", "KAFKA_.*", ".*_TOPIC", "TICKS_PARTITIONS",
    "ALERTS_GROUP", "S3_.*", "WAREHOUSE_.*", "LOAD_INTERVAL_S", "LOAD_HINTS", "TARGET_WAREHOUSE_S", "ALARM_LOAD_P95_S",
    "ALARM_LAG_RECORDS", ".*HTTP_HOST", ".*_HTTP_PORT", ".*_STATUS_URL", "DASHBOARD_URL", "AIRFLOW_URL", "OIDC_C.*", "OIDC_METADATA_URL",
    "OIDC_ADMINS", "OIDC_ANALYSTS", "OIDC_VIEWERS", "NOTIFY_.*_URL", "SMTP_.*", ".*_KEY",
  ]

  # What services and Airflow have in common.
  deployment = {
    name               = local.name
    region             = var.region
    running            = var.running
    protected          = var.protected
    user               = var.image_user
    sources            = var.sources
    broker             = var.broker
    bootstrap          = module.broker.bootstrap
    bucket             = module.lake.bucket
    settings           = var.settings
    dashboard_url      = "https://${local.names.dashboard}"
    log_days           = var.log_days
    vpc_id             = module.network.vpc_id
    private_subnet_ids = module.network.private_subnet_ids
    security_group_ids = module.network.security_group_ids
    secret_arns        = module.secrets.arns
    kms_key_arn        = module.secrets.kms_key_arn
    lag_records        = var.lag_records
    loads              = local.loads
    warehouse          = local.warehouse
  }
}

module "secrets" {
  source = "./modules/secrets"

  name       = local.name
  account_id = var.account_id
  secrets    = local.secrets
}

module "lake" {
  source = "./modules/lake"

  name        = local.name
  account_id  = var.account_id
  kms_key_arn = module.secrets.kms_key_arn
  log_days    = var.log_days
}

module "network" {
  source = "./modules/network"

  name                = local.name
  cidr                = var.cidr
  zones               = var.zones
  nat_gateways        = var.nat_gateways
  interface_endpoints = var.interface_endpoints
  dashboard_cidrs     = var.dashboard_cidrs
  balancer_signs_in   = var.airflow_sign_in != null
  kafka_port          = var.broker == "msk" ? 9098 : 9092
  logs_bucket_arn     = module.lake.logs_bucket_arn
}

module "broker" {
  source = "./modules/broker"

  name              = local.name
  kind              = var.broker
  partition         = local.partition
  vpc_id            = module.network.vpc_id
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = module.network.security_group_ids["brokers"]
  kms_key_arn       = module.secrets.kms_key_arn
  nodes             = var.kafka.nodes
  instance_type     = var.kafka.instance_type
  heap              = var.kafka.heap
  disk_gb           = var.kafka.disk_gb
  node_secret_arns  = { for number in local.nodes : number => module.secrets.arns["kafka-node-${number}"] }
}

module "snowflake" {
  source = "./modules/snowflake"

  name                  = local.name
  database              = var.snowflake.database
  bucket                = module.lake.bucket
  lake_role_arn         = local.lake_role_arn
  allowed_ips           = setunion(module.network.egress_ips, var.snowflake.operator_ips)
  credit_quota          = var.snowflake.credit_quota
  notify_users          = var.snowflake.notify_users
  service_public_keys   = var.snowflake.public_keys
  service_public_keys_2 = var.snowflake.public_keys_2
  members               = var.snowflake.members
}

module "identity" {
  source = "./modules/identity"

  name                  = local.name
  account_id            = var.account_id
  partition             = local.partition
  region                = var.region
  broker                = var.broker
  airflow               = var.airflow
  airflow_principals    = var.airflow_principals
  kubernetes            = var.kubernetes
  cluster_arn           = module.broker.cluster_arn
  bucket_arn            = module.lake.bucket_arn
  kms_key_arn           = module.secrets.kms_key_arn
  snowflake_user_arn    = module.snowflake.lake_iam_user_arn
  snowflake_external_id = module.snowflake.lake_external_id

  secrets = {
    for task, names in merge(module.services.secrets, { airflow = module.airflow.secrets }) : task => [for name in names : module.secrets.arns[name]]
  }
}

module "services" {
  source = "./modules/services"

  deployment          = local.deployment
  image_tag           = var.image_tag
  collector_image     = "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0"
  sizes               = var.sizes
  partitions          = var.partitions
  logs_bucket         = module.lake.logs_bucket
  integration         = module.snowflake.integration
  domains             = values(local.names)
  dashboard_domain    = local.names.dashboard
  airflow_url         = var.airflow == "ecs" ? "https://${local.names.airflow}" : null
  certificate_arn     = var.certificate_arn
  zone_id             = var.zone_id
  oidc                = var.oidc
  public_subnet_ids   = module.network.public_subnet_ids
  role_arns           = module.identity.role_arns
  execution_role_arns = module.identity.execution_role_arns
}

module "airflow" {
  source = "./modules/airflow"

  deployment                = local.deployment
  kind                      = var.airflow
  image                     = "${module.services.repositories["airflow"]}:${var.image_tag}"
  cpu                       = var.sizes["airflow"].cpu
  memory                    = var.sizes["airflow"].memory
  cluster                   = module.services.cluster
  role_arn                  = module.identity.role_arns["airflow"]
  execution_role_arn        = module.identity.execution_role_arns["airflow"]
  database_class            = var.airflow_database.class
  database_password_version = var.airflow_database.password_version
  only_planned              = var.only_planned
  listener_arn              = module.services.listener_arn
  domain                    = local.names.airflow
  sign_in                   = var.airflow_sign_in
  notify                    = var.notify
  status_urls               = module.services.status_urls
  mwaa_version              = var.mwaa.version
  code_bucket_arn           = module.lake.bucket_arn
  code_versions             = var.mwaa.code_versions
}

module "watching" {
  source = "./modules/watching"

  name              = local.name
  account_id        = var.account_id
  running           = var.running
  kms_key_arn       = module.secrets.kms_key_arn
  emails            = var.alarm_emails
  budget_usd        = var.budget_usd
  lag_records       = var.lag_records
  cluster           = module.services.cluster
  services          = concat(module.services.services, var.airflow == "ecs" ? ["airflow"] : [])
  balancer          = module.services.balancer
  airflow_log_group = module.airflow.log_group
  load_interval_s   = var.loads.interval_s
}
