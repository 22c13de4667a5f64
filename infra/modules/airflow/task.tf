# Airflow's four processes as one task, with tasks of DAGs as processes of the scheduler: a load a minute asks for no more. The image
# is ours (infra/docker), so DAGs, plugins and their packages are one tag. More than this is Kubernetes or Celery: docs/containers.md.

locals {
  home  = "/var/lib/ticklake"
  files = "/run/ticklake"

  processes = {
    api-server    = { command = ["airflow", "api-server", "--proxy-headers"], health = "http://127.0.0.1:8080/api/v2/monitor/health" }
    scheduler     = { command = ["airflow", "scheduler"], health = "http://127.0.0.1:8974/health" }
    dag-processor = { command = ["airflow", "dag-processor"], health = null }
    triggerer     = { command = ["airflow", "triggerer", "--skip-serve-logs"], health = null }
  }

  # As files of these names; which setting points to which stands below.
  secrets = merge({
    warehouse_key     = "warehouse-loader"
    airflow_database  = "airflow-database"
    airflow_fernet    = "airflow-fernet"
    airflow_jwt       = "airflow-jwt"
    airflow_api       = "airflow-api"
    airflow_passwords = "airflow-passwords"
    }, var.deployment.broker == "msk" ? {} : {
    kafka_ca                = "kafka-ca"
    ticklake_kafka_password = "kafka-airflow"
    },
    { for source in setintersection(split(",", var.deployment.sources), ["alphavantage"]) : "ticklake_${source}_key" => "${source}-key" },
    { for channel in var.notify : "ticklake_notify_${channel}_url" => "notify-${channel}" },
  )

  # Who asks is the load balancer, because nobody else is let in; what it says of the browser is believed.
  settings = merge({
    AIRFLOW_HOME                        = "${local.home}/airflow"
    XDG_CACHE_HOME                      = local.home
    FORWARDED_ALLOW_IPS                 = "*"
    TMPDIR                              = local.home
    TICKLAKE_HOME                       = local.home
    TICKLAKE_SECRETS_DIR                = local.files
    TICKLAKE_SOURCES                    = var.deployment.sources
    TICKLAKE_KAFKA_BOOTSTRAP            = var.deployment.bootstrap
    TICKLAKE_KAFKA_SECURITY             = "SASL_SSL"
    TICKLAKE_KAFKA_SASL                 = var.deployment.broker == "msk" ? "AWS_MSK_IAM" : "SCRAM-SHA-512"
    TICKLAKE_S3_BUCKET                  = var.deployment.bucket
    TICKLAKE_S3_REGION                  = var.deployment.region
    TICKLAKE_LIFECYCLE_OWNER            = "terraform"
    TICKLAKE_LOAD_INTERVAL_S            = tostring(var.deployment.loads.interval_s)
    TICKLAKE_LOAD_HINTS                 = tostring(var.deployment.loads.hints)
    TICKLAKE_TARGET_WAREHOUSE_S         = tostring(var.deployment.loads.target_s)
    TICKLAKE_ALARM_LOAD_P95_S           = tostring(var.deployment.loads.slow_s)
    TICKLAKE_ALARM_LAG_RECORDS          = tostring(var.deployment.lag_records)
    TICKLAKE_DASHBOARD_URL              = var.deployment.dashboard_url
    TICKLAKE_DASHBOARD_STATUS_URL       = var.status_urls["dashboard"]
    TICKLAKE_PRODUCER_STATUS_URL        = var.status_urls["producer"]
    TICKLAKE_AIRFLOW_URL                = "https://${var.domain}"
    TICKLAKE_WAREHOUSE_ACCOUNT          = var.deployment.warehouse.account
    TICKLAKE_WAREHOUSE_DATABASE         = var.deployment.warehouse.database
    TICKLAKE_WAREHOUSE_USER             = var.deployment.warehouse.services["LOADER"].user
    TICKLAKE_WAREHOUSE_ROLE             = var.deployment.warehouse.services["LOADER"].role
    TICKLAKE_WAREHOUSE_COMPUTE          = var.deployment.warehouse.services["LOADER"].warehouse
    TICKLAKE_WAREHOUSE_PRIVATE_KEY_FILE = "${local.files}/warehouse_key"

    AIRFLOW__CORE__EXECUTOR                           = "LocalExecutor"
    AIRFLOW__CORE__PARALLELISM                        = "4"
    AIRFLOW__CORE__LOAD_EXAMPLES                      = "false"
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION        = "false"
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL           = "http://127.0.0.1:8080/execution/"
    AIRFLOW__CORE__FERNET_KEY_CMD                     = "cat ${local.files}/airflow_fernet"
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS          = "admin:admin,viewer:viewer"
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE = "${local.files}/airflow_passwords"
    AIRFLOW__API__BASE_URL                            = "https://${var.domain}"
    AIRFLOW__API__SECRET_KEY_CMD                      = "cat ${local.files}/airflow_api"
    AIRFLOW__API_AUTH__JWT_SECRET_CMD                 = "cat ${local.files}/airflow_jwt"
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD           = "python -c \"print('postgresql+psycopg2://airflow:' + open('${local.files}/airflow_database').read() + '@${try(aws_db_instance.this[0].endpoint, "")}/airflow', end='')\""
    AIRFLOW__LOGGING__BASE_LOG_FOLDER                 = "${local.home}/logs"
    AIRFLOW__LOGGING__REMOTE_LOGGING                  = "true"
    AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER          = "cloudwatch://${try(aws_cloudwatch_log_group.runs[0].arn, "")}"
    AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID              = "ticklake_s3"
    AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK           = "true"
    AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT            = "false"

    AIRFLOW_CONN_TICKLAKE_S3 = jsonencode({ conn_type = "aws", extra = { region_name = var.deployment.region, service_config = { s3 = { bucket_name = var.deployment.bucket } } } })
    AIRFLOW_CONN_TICKLAKE_WAREHOUSE = jsonencode({
      conn_type = "snowflake"
      login     = var.deployment.warehouse.services["LOADER"].user
      schema    = "CURATED"
      extra = {
        account          = var.deployment.warehouse.account
        database         = var.deployment.warehouse.database
        role             = var.deployment.warehouse.services["LOADER"].role
        warehouse        = var.deployment.warehouse.services["LOADER"].warehouse
        private_key_file = "${local.files}/warehouse_key"
      }
    })
    }, var.deployment.broker == "msk" ? {} : {
    TICKLAKE_KAFKA_USERNAME = "ticklake-airflow"
    TICKLAKE_KAFKA_CA_FILE  = "${local.files}/kafka_ca"
  })

  environment = [for name, value in merge(var.deployment.settings, local.settings) : { name = name, value = value }]
  log = { for name in concat(["files", "migrate"], keys(local.processes)) : name => {
    logDriver = "awslogs"
    options = {
      awslogs-group         = "/${var.deployment.name}/airflow"
      awslogs-region        = var.deployment.region
      awslogs-stream-prefix = name
    }
  } }
}

module "files" {
  source = "../secret_files"
  count  = local.on_ecs

  image   = var.image
  user    = var.deployment.user
  folder  = local.files
  secrets = { for file, secret in local.secrets : file => var.deployment.secret_arns[secret] }
  log     = local.log["files"]
}

resource "aws_ecs_task_definition" "this" {
  count = local.on_ecs

  family                   = "${var.deployment.name}-airflow"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = var.role_arn
  execution_role_arn       = var.execution_role_arn

  volume {
    name = "home"
  }

  volume {
    name = "files"
  }

  container_definitions = jsonencode(concat(
    [
      module.files[0].container,
      {
        name                   = "migrate"
        image                  = var.image
        command                = ["airflow", "db", "migrate"]
        essential              = false
        user                   = var.deployment.user
        readonlyRootFilesystem = true
        dependsOn              = [{ containerName = "files", condition = "SUCCESS" }]
        environment            = local.environment
        mountPoints            = [{ sourceVolume = "home", containerPath = local.home, readOnly = false }, { sourceVolume = "files", containerPath = local.files, readOnly = true }]
        linuxParameters        = { capabilities = { drop = ["ALL"] } }
        logConfiguration       = local.log["migrate"]
      },
    ],
    [for name, process in local.processes : {
      name                   = name
      image                  = var.image
      command                = process.command
      essential              = true
      user                   = var.deployment.user
      readonlyRootFilesystem = true
      stopTimeout            = 90
      dependsOn              = [{ containerName = "migrate", condition = "SUCCESS" }]
      environment            = local.environment
      portMappings           = name == "api-server" ? [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }] : []
      # The api-server takes a lock on its passwords before it reads them.
      mountPoints      = [{ sourceVolume = "home", containerPath = local.home, readOnly = false }, { sourceVolume = "files", containerPath = local.files, readOnly = name != "api-server" }]
      linuxParameters  = { capabilities = { drop = ["ALL"] }, initProcessEnabled = true }
      logConfiguration = local.log[name]
      healthCheck = process.health == null ? null : {
        command     = ["CMD", "python", "-c", "import urllib.request; urllib.request.urlopen('${process.health}', timeout=4)"]
        interval    = 30
        timeout     = 5
        retries     = 5
        startPeriod = 180
      }
    }]
  ))
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:a year of a scheduler's lines has never been asked for; what loads did is in OPS
  count = local.on_ecs

  name              = "/${var.deployment.name}/airflow"
  retention_in_days = var.deployment.log_days
  kms_key_id        = var.deployment.kms_key_arn
}

# Where an Airflow of your own keeps them, too.
resource "aws_cloudwatch_log_group" "runs" {
  #checkov:skip=CKV_AWS_338:the same
  count = var.kind == "mwaa" ? 0 : 1

  name              = "/${var.deployment.name}/airflow-tasks"
  retention_in_days = var.deployment.log_days
  kms_key_id        = var.deployment.kms_key_arn
}

resource "aws_ecs_service" "this" {
  count = local.on_ecs

  name                               = "airflow"
  cluster                            = var.cluster
  task_definition                    = aws_ecs_task_definition.this[0].arn
  desired_count                      = var.deployment.running ? 1 : 0
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  health_check_grace_period_seconds  = 300
  propagate_tags                     = "SERVICE"
  enable_execute_command             = false

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.deployment.private_subnet_ids
    security_groups  = [var.deployment.security_group_ids["airflow"]]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this[0].arn
    container_name   = "api-server"
    container_port   = 8080
  }

  depends_on = [aws_lb_listener_rule.this]
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the balancer; behind it is a private network that takes this port from the balancer alone
  count = local.on_ecs

  name        = "${var.deployment.name}-airflow"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = var.deployment.vpc_id

  health_check {
    path     = "/api/v2/monitor/health"
    matcher  = "200"
    interval = 30
  }
}

resource "aws_lb_listener_rule" "this" {
  count = local.on_ecs

  listener_arn = var.listener_arn
  priority     = 10

  dynamic "action" {
    for_each = var.sign_in == null ? [] : [var.sign_in]

    content {
      type  = "authenticate-cognito"
      order = 1

      authenticate_cognito {
        user_pool_arn       = action.value.user_pool_arn
        user_pool_client_id = action.value.client_id
        user_pool_domain    = action.value.domain
        scope               = "openid"
        session_timeout     = 43200
      }
    }
  }

  action {
    type             = "forward"
    order            = 2
    target_group_arn = aws_lb_target_group.this[0].arn
  }

  condition {
    host_header {
      values = [var.domain]
    }
  }
}
