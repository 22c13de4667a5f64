output "role_arns" {
  description = "What each service runs as."
  value       = { for name, role in aws_iam_role.service : name => role.arn }
}

output "execution_role_arns" {
  description = "What ECS prepares each task as."
  value       = { for name, role in aws_iam_role.execution : name => role.arn }
}
