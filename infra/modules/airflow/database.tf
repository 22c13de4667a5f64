# What Airflow remembers. Its password is a secret that is set by hand and read while applying, so that no state holds it.

locals {
  on_ecs = var.kind == "ecs" ? 1 : 0
}

ephemeral "aws_secretsmanager_secret_version" "database" {
  count = var.only_planned ? 0 : local.on_ecs

  secret_id = var.deployment.secret_arns["airflow-database"]
}

resource "aws_db_subnet_group" "this" {
  count = local.on_ecs

  name       = "${var.deployment.name}-airflow"
  subnet_ids = var.deployment.private_subnet_ids
}

resource "aws_db_parameter_group" "this" {
  count = local.on_ecs

  name   = "${var.deployment.name}-airflow"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_161:Airflow keeps its connections open and knows passwords only
  #checkov:skip=CKV_AWS_118:CloudWatch's own metrics of the instance are enough for a scheduler's database
  #checkov:skip=CKV_AWS_353:the same
  count = local.on_ecs

  identifier                      = "${var.deployment.name}-airflow"
  engine                          = "postgres"
  engine_version                  = "17"
  instance_class                  = var.database_class
  allocated_storage               = 20
  max_allocated_storage           = 100
  storage_type                    = "gp3"
  storage_encrypted               = true
  kms_key_id                      = var.deployment.kms_key_arn
  db_name                         = "airflow"
  username                        = "airflow"
  password_wo                     = try(ephemeral.aws_secretsmanager_secret_version.database[0].secret_string, "unread")
  password_wo_version             = var.database_password_version
  db_subnet_group_name            = aws_db_subnet_group.this[0].name
  parameter_group_name            = aws_db_parameter_group.this[0].name
  vpc_security_group_ids          = [var.deployment.security_group_ids["airflow"]]
  publicly_accessible             = false
  multi_az                        = var.deployment.protected
  backup_retention_period         = 14
  copy_tags_to_snapshot           = true
  deletion_protection             = var.deployment.protected
  skip_final_snapshot             = !var.deployment.protected
  final_snapshot_identifier       = "${var.deployment.name}-airflow-last"
  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
}
