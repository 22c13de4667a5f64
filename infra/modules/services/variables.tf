variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name, and the namespace of its metrics."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "running" {
  description = "Whether services run: false until images, topics, tables and secrets are there."
  type        = bool
}

variable "protected" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
}

variable "image_tag" {
  description = "Tag of our images: the project's version, or a commit."
  type        = string
}

variable "collector_image" {
  description = "AWS's distribution of the OpenTelemetry collector, by tag."
  type        = string
}

variable "user" {
  description = "User and group that the images run as."
  type        = string
}

variable "sizes" {
  description = "Of each task, processor units and MiB of Fargate, how many there are and how many there may be."
  type = map(object({
    cpu    = number
    memory = number
    count  = optional(number, 1)
    most   = optional(number, 1)
  }))
}

variable "lag_records" {
  description = "Records waiting for the lake that ask for one consumer more."
  type        = number
}

variable "partitions" {
  description = "Partitions of the ticks topic: TICKLAKE_TICKS_PARTITIONS, and most consumers that can work."
  type        = number
}

variable "sources" {
  description = "TICKLAKE_SOURCES."
  type        = string
}

variable "broker" {
  description = "msk or ec2."
  type        = string
}

variable "bootstrap" {
  description = "TICKLAKE_KAFKA_BOOTSTRAP."
  type        = string
}

variable "bucket" {
  description = "TICKLAKE_S3_BUCKET."
  type        = string
}

variable "logs_bucket" {
  description = "Bucket that takes the load balancer's logs."
  type        = string
}

variable "warehouse" {
  description = "Snowflake's account and database; and by role the service user, its role and its warehouse."
  type = object({
    account  = string
    database = string
    services = map(object({ user = string, role = string, warehouse = string }))
  })
}

variable "integration" {
  description = "TICKLAKE_WAREHOUSE_INTEGRATION of who applies the versioned SQL."
  type        = string
}

variable "dashboard_domain" {
  description = "Name under which people reach the dashboard."
  type        = string
}

variable "domains" {
  description = "Names that lead to the load balancer."
  type        = list(string)
}

variable "dashboard_url" {
  description = "TICKLAKE_DASHBOARD_URL."
  type        = string
}

variable "airflow_url" {
  description = "TICKLAKE_AIRFLOW_URL; null where Airflow is not ours."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of these names."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone of these names; null when their records are kept elsewhere."
  type        = string
}

variable "oidc" {
  description = "How people sign in: TICKLAKE_OIDC_*."
  type = object({
    client_id    = string
    metadata_url = string
    claim        = string
    admins       = string
    analysts     = string
    viewers      = string
  })
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "private_subnet_ids" {
  description = "Where services run."
  type        = list(string)
}

variable "public_subnet_ids" {
  description = "Where the load balancer stands."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups by name."
  type        = map(string)
}

variable "role_arns" {
  description = "What each task runs as."
  type        = map(string)
}

variable "execution_role_arns" {
  description = "What ECS prepares each task as."
  type        = map(string)
}

variable "secret_arns" {
  description = "The secrets' ARNs, by the last part of their names."
  type        = map(string)
}

variable "kms_key_arn" {
  description = "Key of logs and images."
  type        = string
}

variable "log_days" {
  description = "Days for which the services' logs are kept."
  type        = number
}
