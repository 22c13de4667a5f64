# Amazon's managed Airflow, where it offers the version that the DAGs need (Airflow 3.3). Code lies in a bucket: dags/, plugins.zip,
# requirements.txt and the start script that sets TICKLAKE_* (docs/deploy.md).

locals {
  on_mwaa = var.kind == "mwaa" ? 1 : 0
}

resource "aws_mwaa_environment" "this" {
  count = local.on_mwaa

  name                           = var.deployment.name
  airflow_version                = var.mwaa_version
  environment_class              = "mw1.small"
  min_workers                    = 1
  max_workers                    = 2
  webserver_access_mode          = "PRIVATE_ONLY"
  execution_role_arn             = var.role_arn
  kms_key                        = var.deployment.kms_key_arn
  source_bucket_arn              = var.code_bucket_arn
  dag_s3_path                    = "airflow/dags"
  plugins_s3_path                = "airflow/plugins.zip"
  plugins_s3_object_version      = var.code_versions.plugins
  requirements_s3_path           = "airflow/requirements.txt"
  requirements_s3_object_version = var.code_versions.requirements
  startup_script_s3_path         = "airflow/start.sh"

  startup_script_s3_object_version = var.code_versions.start

  airflow_configuration_options = {
    "core.default_timezone"        = "utc"
    "secrets.backend"              = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    "secrets.backend_kwargs"       = jsonencode({ connections_prefix = "${var.deployment.name}/airflow-connections", connections_lookup_pattern = "^ticklake_" })
    "webserver.expose_config"      = "False"
    "scheduler.catchup_by_default" = "False"
  }

  network_configuration {
    security_group_ids = [var.deployment.security_group_ids["airflow"]]
    subnet_ids         = slice(var.deployment.private_subnet_ids, 0, 2)
  }

  logging_configuration {
    dag_processing_logs {
      enabled   = true
      log_level = "INFO"
    }

    scheduler_logs {
      enabled   = true
      log_level = "INFO"
    }

    task_logs {
      enabled   = true
      log_level = "INFO"
    }

    webserver_logs {
      enabled   = true
      log_level = "INFO"
    }

    worker_logs {
      enabled   = true
      log_level = "INFO"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "mwaa" {
  #checkov:skip=CKV_AWS_356:account settings of S3 and CloudWatch's metrics have no resources
  statement {
    sid       = "Code"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.code_bucket_arn}/airflow/*"]
  }

  statement {
    sid       = "Bucket"
    actions   = ["s3:ListBucket", "s3:GetBucketPublicAccessBlock"]
    resources = [var.code_bucket_arn]
  }

  # CloudWatch takes metrics of the account, and the account's own block of public access has no ARN.
  statement {
    sid       = "Account"
    actions   = ["cloudwatch:PutMetricData", "s3:GetAccountPublicAccessBlock"]
    resources = ["*"]
  }

  statement {
    sid       = "Health"
    actions   = ["airflow:PublishMetrics"]
    resources = ["arn:${data.aws_partition.current.partition}:airflow:${var.deployment.region}:${data.aws_caller_identity.current.account_id}:environment/${var.deployment.name}"]
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:GetLogEvents", "logs:GetLogRecord", "logs:GetLogGroupFields", "logs:GetQueryResults"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${var.deployment.region}:${data.aws_caller_identity.current.account_id}:log-group:airflow-${var.deployment.name}-*"]
  }

  # The queue between MWAA's scheduler and workers is in an account of Amazon's.
  statement {
    sid       = "Queue"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage"]
    resources = ["arn:${data.aws_partition.current.partition}:sqs:${var.deployment.region}:*:airflow-celery-*"]
  }

  statement {
    sid       = "Connections"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${var.deployment.region}:${data.aws_caller_identity.current.account_id}:secret:${var.deployment.name}/airflow-connections/*"]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.deployment.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "mwaa" {
  count = local.on_mwaa

  name   = "mwaa"
  role   = element(split("/", var.role_arn), 1)
  policy = data.aws_iam_policy_document.mwaa.json
}
