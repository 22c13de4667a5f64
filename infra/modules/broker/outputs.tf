output "cluster_arn" {
  description = "The MSK cluster, of which IAM rights on topics and groups are made; null on instances of our own."
  value       = try(aws_msk_serverless_cluster.this[0].arn, null)
}

output "bootstrap" {
  description = "TICKLAKE_KAFKA_BOOTSTRAP of every service."
  value       = try(aws_msk_serverless_cluster.this[0].bootstrap_brokers_sasl_iam, join(",", [for host in local.hosts : "${host}:9092"]))
}
