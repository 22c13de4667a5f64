# One role for each service, with what it needs and nothing else. tests/unit/test_infra_aws_rights.py asks each policy what its
# service must and must not do.

locals {
  kafka  = var.cluster_arn == null ? "none" : var.cluster_arn
  topic  = replace(local.kafka, ":cluster/", ":topic/")
  group  = replace(local.kafka, ":cluster/", ":group/")
  by_iam = var.broker == "msk"

  services = {
    producer  = data.aws_iam_policy_document.producer_kafka.json
    consumer  = data.aws_iam_policy_document.consumer_kafka.json
    alerts    = data.aws_iam_policy_document.alerts_kafka.json
    dashboard = data.aws_iam_policy_document.dashboard_kafka.json
    airflow   = data.aws_iam_policy_document.airflow_kafka.json
    operator  = data.aws_iam_policy_document.operator_kafka.json
  }

  stores = {
    consumer  = data.aws_iam_policy_document.consumer_lake.json
    dashboard = data.aws_iam_policy_document.dashboard_lake.json
    airflow   = data.aws_iam_policy_document.airflow_lake.json
    operator  = data.aws_iam_policy_document.operator_lake.json
  }
}

resource "aws_iam_role" "service" {
  for_each = local.services

  name               = "${var.name}-${each.key}"
  description        = "What ${each.key} of ${var.name} may do"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

resource "aws_iam_role_policy" "kafka" {
  for_each = { for service, policy in local.services : service => policy if local.by_iam }

  name   = "kafka"
  role   = aws_iam_role.service[each.key].id
  policy = each.value
}

resource "aws_iam_role_policy" "lake" {
  for_each = local.stores

  name   = "lake"
  role   = aws_iam_role.service[each.key].id
  policy = each.value
}

# Logs of DAGs' tasks are kept where Airflow's pages read them. Airflow asks for that group to be made before each task, and a refusal ends
# the task.
resource "aws_iam_role_policy" "runs" {
  name   = "runs"
  role   = aws_iam_role.service["airflow"].id
  policy = data.aws_iam_policy_document.runs.json
}

data "aws_iam_policy_document" "runs" {
  statement {
    sid     = "Logs"
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"]
    resources = [
      "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/${var.name}/airflow-tasks",
      "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/${var.name}/airflow-tasks:*",
    ]
  }
}

# The collector beside each service writes its measurements as the service; Airflow and the operator have none.
resource "aws_iam_role_policy" "metrics" {
  for_each = toset(["producer", "consumer", "alerts", "dashboard"])

  name   = "metrics"
  role   = aws_iam_role.service[each.key].id
  policy = data.aws_iam_policy_document.metrics.json
}

data "aws_iam_policy_document" "metrics" {
  statement {
    sid       = "Metrics"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/${var.name}/metrics:*"]
  }
}
