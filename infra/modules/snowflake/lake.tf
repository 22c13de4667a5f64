# How Snowflake reads the lake: no key, but a role of ours that it may assume. The role is named before it exists, so that one
# apply is enough: integration, then the role whose trust names the integration's user and external id.
resource "snowflake_storage_integration_aws" "lake" {
  name                 = "${var.database}_LAKE"
  comment              = local.comment
  enabled              = true
  storage_provider     = "S3"
  storage_aws_role_arn = var.lake_role_arn
  # The stage is the whole bucket, and Snowflake wants it inside these; what may be read of it is bound by the role: raw/ and batch/.
  storage_allowed_locations = ["s3://${var.bucket}/"]
}
