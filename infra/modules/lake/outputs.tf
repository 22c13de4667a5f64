output "bucket" {
  description = "TICKLAKE_S3_BUCKET of every service."
  value       = aws_s3_bucket.lake.id
}

output "bucket_arn" {
  description = "The lake."
  value       = aws_s3_bucket.lake.arn
}

output "logs_bucket" {
  description = "Bucket of logs."
  value       = aws_s3_bucket.logs.id
}

output "logs_bucket_arn" {
  description = "Bucket of logs."
  value       = aws_s3_bucket.logs.arn
}
