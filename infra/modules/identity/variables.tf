variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name."
  type        = string
}

variable "account_id" {
  description = "The AWS account."
  type        = string
}

variable "partition" {
  description = "AWS partition, such as aws."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "broker" {
  description = "msk: rights on topics are IAM's; ec2: they are Kafka's own ACLs."
  type        = string
}

variable "airflow" {
  description = "ecs, mwaa or none: who takes Airflow's role."
  type        = string
}

variable "airflow_principals" {
  description = "ARNs of roles that may take Airflow's role, where Airflow is somebody's own."
  type        = set(string)
}

variable "kubernetes" {
  description = "The cluster's OpenID Connect provider in IAM, and by service the service account, namespace:name, that takes its role; null without a cluster."
  type        = object({ provider_arn = string, service_accounts = map(string) })
}

variable "cluster_arn" {
  description = "The MSK cluster; null on instances of our own."
  type        = string
}

variable "bucket_arn" {
  description = "The lake."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of lake and secrets."
  type        = string
}

variable "secrets" {
  description = "ARNs of the secrets that each task is handed, by task."
  type        = map(list(string))
}

variable "snowflake_user_arn" {
  description = "The AWS user by which Snowflake assumes the lake's role."
  type        = string
}

variable "snowflake_external_id" {
  description = "What Snowflake says when it assumes the lake's role."
  type        = string
}

variable "topics" {
  description = "Topics by what they hold, as the settings TICKLAKE_*_TOPIC have them."
  type = object({
    ticks        = optional(string, "market.ticks")
    dead_letters = optional(string, "market.ticks.dlq")
    landings     = optional(string, "lake.landings")
    changes      = optional(string, "warehouse.changes")
    alerts       = optional(string, "market.alerts")
    alerts_state = optional(string, "market.alerts.state")
  })
  default = {}
}

variable "groups" {
  description = "Consumer groups, as TICKLAKE_KAFKA_GROUP and TICKLAKE_ALERTS_GROUP have them."
  type = object({
    lake   = optional(string, "ticklake-lake")
    alerts = optional(string, "ticklake-alerts")
  })
  default = {}
}
