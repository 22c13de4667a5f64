output "kms_key_arn" {
  description = "The key that everything is encrypted with."
  value       = aws_kms_key.this.arn
}

output "arns" {
  description = "The secrets' ARNs, by the last part of their names."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}
