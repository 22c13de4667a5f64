# A node may read its own secret and be reached by Session Manager; it has no SSH.

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "node" {
  for_each = local.nodes

  statement {
    sid       = "OwnSecret"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.node_secret_arns[each.key]]
  }

  statement {
    sid       = "OwnSecretsKey"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "node" {
  for_each = local.nodes

  name               = "${var.name}-kafka-${each.key}"
  description        = "Kafka node ${each.key}"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "node" {
  for_each = local.nodes

  name   = "node"
  role   = aws_iam_role.node[each.key].id
  policy = data.aws_iam_policy_document.node[each.key].json
}

resource "aws_iam_role_policy_attachment" "sessions" {
  for_each = local.nodes

  role       = aws_iam_role.node[each.key].name
  policy_arn = "arn:${var.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "node" {
  for_each = local.nodes

  name = "${var.name}-kafka-${each.key}"
  role = aws_iam_role.node[each.key].name
}
