output "bucket" {
  description = "TICKLAKE_S3_BUCKET of every service."
  value       = aws_s3_bucket.lake.id
}

output "bucket_arn" {
  description = "The lake."
  value       = aws_s3_bucket.lake.arn
}

# AWS tries to write as soon as it is told of the bucket, so its rights must be there first.
output "logs_bucket" {
  description = "Bucket of logs."
  value       = aws_s3_bucket.logs.id
  depends_on  = [aws_s3_bucket_policy.logs]
}

output "logs_bucket_arn" {
  description = "Bucket of logs."
  value       = aws_s3_bucket.logs.arn
  depends_on  = [aws_s3_bucket_policy.logs]
}
