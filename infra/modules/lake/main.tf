# The bucket of the lake. Its rules come from the file that the DAG lake_lifecycle audits; with TICKLAKE_LIFECYCLE_OWNER=terraform
# the DAG only tells when they differ.

locals {
  desired = yamldecode(file("${path.module}/../../lake/lifecycle.yaml"))
  bucket  = "${var.name}-lake-${var.account_id}"
  buckets = { lake = aws_s3_bucket.lake, logs = aws_s3_bucket.logs }
}

resource "aws_s3_bucket" "lake" {
  #checkov:skip=CKV_AWS_144:a second region doubles the price; the lake is versioned, and restoring it is docs/deploy.md's last part
  #checkov:skip=CKV2_AWS_62:the consumer itself tells of new objects (lake.landings), and the loader lists the lake
  bucket = local.bucket
}

resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_144:logs of one region
  #checkov:skip=CKV_AWS_18:a bucket that logs itself never ends
  #checkov:skip=CKV_AWS_145:AWS's log deliveries write to buckets with S3's own keys only
  #checkov:skip=CKV2_AWS_62:nobody waits for a log
  bucket = "${var.name}-logs-${var.account_id}"
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id

  versioning_configuration {
    status = local.desired.versioning
  }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_logging" "lake" {
  bucket        = aws_s3_bucket.lake.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "s3/"
}
