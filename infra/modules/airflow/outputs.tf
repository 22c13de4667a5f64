output "log_group" {
  description = "Log of Airflow's own processes; null where Airflow is not ours."
  value       = try(aws_cloudwatch_log_group.this[0].name, null)
}

output "mwaa_url" {
  description = "Address of MWAA inside the network; null without it."
  value       = try(aws_mwaa_environment.this[0].webserver_url, null)
}

output "secrets" {
  description = "Secrets that Airflow's task is handed, by the last part of their names."
  value       = var.kind == "ecs" ? values(local.secrets) : []
}
