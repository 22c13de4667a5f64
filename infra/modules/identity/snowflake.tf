# What Snowflake's storage integration assumes. The integration is made first, with this role's name; its answer is this trust.

data "aws_iam_policy_document" "snowflake_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.snowflake_user_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.snowflake_external_id]
    }
  }
}

data "aws_iam_policy_document" "snowflake_lake" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.bucket_arn}/raw/*", "${var.bucket_arn}/batch/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["raw/*", "batch/*"]
    }
  }

  statement {
    sid       = "Find"
    actions   = ["s3:GetBucketLocation"]
    resources = [var.bucket_arn]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "snowflake" {
  name               = "${var.name}-snowflake"
  description        = "What Snowflake may read of the lake"
  assume_role_policy = data.aws_iam_policy_document.snowflake_trust.json
}

resource "aws_iam_role_policy" "snowflake" {
  name   = "lake"
  role   = aws_iam_role.snowflake.id
  policy = data.aws_iam_policy_document.snowflake_lake.json
}
