# What ECS itself does before a service runs: pull the image, open the log, hand over the service's own secrets.

data "aws_iam_policy_document" "execution" {
  for_each = var.secrets

  # ECR takes a token for the account as a whole; AWS knows no resource for it.
  #checkov:skip=CKV_AWS_356:ecr:GetAuthorizationToken has no resources
  statement {
    sid       = "Token"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "Pull"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${var.partition}:ecr:${var.region}:${var.account_id}:repository/${var.name}/*"]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/${var.name}/${each.key}:*"]
  }

  dynamic "statement" {
    for_each = length(each.value) > 0 ? [each.value] : []

    content {
      sid       = "OwnSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  statement {
    sid       = "OwnSecretsKey"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "execution" {
  for_each = var.secrets

  name               = "${var.name}-${each.key}-execution"
  description        = "What ECS does before ${each.key} of ${var.name} runs"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "execution" {
  for_each = var.secrets

  name   = "execution"
  role   = aws_iam_role.execution[each.key].id
  policy = data.aws_iam_policy_document.execution[each.key].json
}
