output "lake_iam_user_arn" {
  description = "The AWS user by which Snowflake assumes the lake's role: the principal of that role's trust."
  value       = snowflake_storage_integration_aws.lake.describe_output[0].iam_user_arn
}

output "lake_external_id" {
  description = "The external id that Snowflake made up and shows when it assumes the lake's role: the condition of that role's trust."
  value       = snowflake_storage_integration_aws.lake.describe_output[0].external_id
}

output "integration" {
  description = "Storage integration of the lake: TICKLAKE_WAREHOUSE_INTEGRATION of who applies the versioned SQL."
  value       = snowflake_storage_integration_aws.lake.name
}

output "database" {
  description = "TICKLAKE_WAREHOUSE_DATABASE of every service."
  value       = snowflake_database.ticklake.name
}

output "services" {
  description = "By role: the service user (TICKLAKE_WAREHOUSE_USER), its role (TICKLAKE_WAREHOUSE_ROLE) and warehouse (TICKLAKE_WAREHOUSE_COMPUTE)."
  value = {
    for role, user in snowflake_service_user.service : role => {
      user      = user.name
      role      = user.default_role
      warehouse = user.default_warehouse
    }
  }
}
