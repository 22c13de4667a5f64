resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  #checkov:skip=CKV_AWS_300:the rule ticklake-uploads of infra/lake/lifecycle.yaml does it, which a test holds
  bucket                                 = aws_s3_bucket.lake.id
  transition_default_minimum_object_size = "all_storage_classes_128K"
  depends_on                             = [aws_s3_bucket_versioning.lake]

  dynamic "rule" {
    for_each = local.desired.rules

    content {
      id     = rule.value.ID
      status = rule.value.Status

      filter {
        prefix = rule.value.Filter.Prefix
      }

      dynamic "transition" {
        for_each = try(rule.value.Transitions, [])

        content {
          days          = transition.value.Days
          storage_class = transition.value.StorageClass
        }
      }

      dynamic "expiration" {
        for_each = try([rule.value.Expiration], [])

        content {
          days = expiration.value.Days
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = try([rule.value.NoncurrentVersionExpiration], [])

        content {
          noncurrent_days = noncurrent_version_expiration.value.NoncurrentDays
        }
      }

      dynamic "abort_incomplete_multipart_upload" {
        for_each = try([rule.value.AbortIncompleteMultipartUpload], [])

        content {
          days_after_initiation = abort_incomplete_multipart_upload.value.DaysAfterInitiation
        }
      }
    }
  }
}

resource "aws_s3_bucket_intelligent_tiering_configuration" "lake" {
  for_each = { for each in local.desired.tierings : each.Id => each }

  bucket = aws_s3_bucket.lake.id
  name   = each.key
  status = each.value.Status

  filter {
    prefix = each.value.Filter.Prefix
  }

  dynamic "tiering" {
    for_each = each.value.Tierings

    content {
      access_tier = tiering.value.AccessTier
      days        = tiering.value.Days
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket     = aws_s3_bucket.logs.id
  depends_on = [aws_s3_bucket_versioning.logs]

  rule {
    id     = "expire"
    status = "Enabled"

    filter {
      prefix = ""
    }

    expiration {
      days = var.log_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}
