# The lake by prefix: raw/ and generations/ are the consumer's, batch/, state/ and backup/daily/ are Airflow's, the rest of backup/ is the
# operator's. Nobody may delete; what goes, goes by the bucket's rules.

data "aws_iam_policy_document" "consumer_lake" {
  statement {
    sid       = "PutAndRead"
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = ["${var.bucket_arn}/raw/*", "${var.bucket_arn}/generations/*", "${var.bucket_arn}/reject-limit/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["raw/*", "generations/*", "reject-limit/*"]
    }
  }

  statement {
    sid       = "Key"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "dashboard_lake" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arn}/generations/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["generations/*"]
    }
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "airflow_lake" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arn}/raw/*", "${var.bucket_arn}/generations/*", "${var.bucket_arn}/batch/*", "${var.bucket_arn}/state/*"]
  }

  statement {
    sid       = "Put"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket_arn}/batch/*", "${var.bucket_arn}/state/*", "${var.bucket_arn}/backup/daily/*"]
  }

  # The report of what is stored counts everything, so the list is not bound to a prefix.
  statement {
    sid = "ListAndAudit"
    actions = [
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:GetLifecycleConfiguration",
      "s3:GetIntelligentTieringConfiguration",
      "s3:GetBucketVersioning",
    ]
    resources = [var.bucket_arn]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "operator_lake" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arn}/*"]
  }

  statement {
    sid       = "BackUp"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket_arn}/backup/*", "${var.bucket_arn}/state/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}
