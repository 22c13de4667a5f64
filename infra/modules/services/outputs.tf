output "cluster" {
  description = "The ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "services" {
  description = "Names of the services that run."
  value       = [for service in aws_ecs_service.this : service.name]
}

output "repositories" {
  description = "Where images are pushed, by image."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "balancer" {
  description = "The load balancer's own name, for a record that is kept elsewhere, and its parts' names in CloudWatch."
  value = {
    dns_name     = aws_lb.dashboard.dns_name
    suffix       = aws_lb.dashboard.arn_suffix
    target_group = aws_lb_target_group.dashboard.arn_suffix
  }
}

output "operator_task" {
  description = "Task definition that runs one command inside the network."
  value       = aws_ecs_task_definition.this["operator"].family
}

output "listener_arn" {
  description = "The load balancer's listener, for what else has a page."
  value       = aws_lb_listener.https.arn
}

output "secrets" {
  description = "Secrets that each task is handed, by the last part of their names."
  value       = { for task, secrets in local.secrets : task => values(secrets) }
}

output "status_urls" {
  description = "Where a service is asked what it does, by service: TICKLAKE_PRODUCER_STATUS_URL and TICKLAKE_DASHBOARD_STATUS_URL."
  value       = local.statuses
}
