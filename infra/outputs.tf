output "dashboard_url" {
  description = "Where people look."
  value       = "https://${local.names.dashboard}"
}

output "airflow_url" {
  description = "Where Airflow's pages are."
  value       = var.airflow == "mwaa" ? module.airflow.mwaa_url : "https://${local.names.airflow}"
}

output "balancer" {
  description = "What the records of both names must lead to, when they are kept elsewhere."
  value       = module.services.balancer.dns_name
}

output "bucket" {
  description = "The lake: TICKLAKE_S3_BUCKET."
  value       = module.lake.bucket
}

output "kafka_bootstrap" {
  description = "The brokers: TICKLAKE_KAFKA_BOOTSTRAP. They answer inside the network only."
  value       = module.broker.bootstrap
}

output "repositories" {
  description = "Where images are pushed, by image."
  value       = module.services.repositories
}

output "cluster" {
  description = "The ECS cluster."
  value       = module.services.cluster
}

output "operator_task" {
  description = "What runs one command inside the network: `aws ecs run-task` with this task, these subnets and this group."
  value = {
    task    = module.services.operator_task
    subnets = join(",", module.network.private_subnet_ids)
    group   = module.network.security_group_ids["services"]
  }
}

output "secrets" {
  description = "Secrets whose values are set by hand."
  value       = sort([for name in keys(local.secrets) : "${local.name}/${name}"])
}

output "egress_ips" {
  description = "The addresses by which Snowflake and the sources know us."
  value       = module.network.egress_ips
}

output "warehouse" {
  description = "Snowflake's account, database and service users, for who brings an Airflow of their own."
  value       = local.warehouse
}

output "integration" {
  description = "TICKLAKE_WAREHOUSE_INTEGRATION of who applies the versioned SQL."
  value       = module.snowflake.integration
}

output "role_arns" {
  description = "What each service runs as, for who brings an Airflow of their own."
  value       = module.identity.role_arns
}
