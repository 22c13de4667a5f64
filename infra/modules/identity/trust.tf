# Who takes a service's role: ECS for its tasks; for Airflow's, who runs Airflow; and service accounts of a cluster of Kubernetes, when
# there is one. AWS's own services must come on behalf of this account, so that nobody else's task or environment gets in by them.

locals {
  issuer = try(split("oidc-provider/", var.kubernetes.provider_arn)[1], "none")
}

data "aws_iam_policy_document" "tasks" {
  statement {
    sid     = "Tasks"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.partition}:ecs:${var.region}:${var.account_id}:*"]
    }
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.services

  source_policy_documents = each.key != "airflow" || var.airflow == "ecs" ? [data.aws_iam_policy_document.tasks.json] : []

  dynamic "statement" {
    for_each = each.key == "airflow" && var.airflow == "mwaa" ? ["mwaa"] : []

    content {
      sid     = "ManagedAirflow"
      actions = ["sts:AssumeRole"]

      principals {
        type        = "Service"
        identifiers = ["airflow.amazonaws.com", "airflow-env.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.account_id]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:${var.partition}:airflow:${var.region}:${var.account_id}:environment/${var.name}"]
      }
    }
  }

  dynamic "statement" {
    for_each = each.key == "airflow" && length(var.airflow_principals) > 0 ? ["own"] : []

    content {
      sid     = "OwnAirflow"
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = var.airflow_principals
      }
    }
  }

  dynamic "statement" {
    for_each = var.kubernetes == null ? [] : [for account in [lookup(var.kubernetes.service_accounts, each.key, null)] : account if account != null]

    content {
      sid     = "Kubernetes"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [var.kubernetes.provider_arn]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = "StringLike"
        variable = "${local.issuer}:sub"
        values   = ["system:serviceaccount:${statement.value}"]
      }
    }
  }
}
