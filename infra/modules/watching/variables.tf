variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name, and the namespace of its metrics."
  type        = string
}

variable "account_id" {
  description = "The AWS account."
  type        = string
}

variable "running" {
  description = "Whether services run; alarms on them wait for that."
  type        = bool
}

variable "kms_key_arn" {
  description = "Key of the topic."
  type        = string
}

variable "emails" {
  description = "Who is told; each confirms by a link that AWS sends."
  type        = set(string)
}

variable "budget_usd" {
  description = "What a month may cost at AWS, US dollars."
  type        = number
}

variable "lag_records" {
  description = "Records waiting for the lake that are too many: TICKLAKE_ALARM_LAG_RECORDS."
  type        = number
}

variable "cluster" {
  description = "The ECS cluster."
  type        = string
}

variable "services" {
  description = "ECS services that should run."
  type        = list(string)
}

variable "balancer" {
  description = "The load balancer and its target group, as CloudWatch names them."
  type        = object({ suffix = string, target_group = string })
}

variable "airflow_log_group" {
  description = "Log of Airflow's scheduler; null where Airflow is not ours."
  type        = string
}

variable "load_interval_s" {
  description = "Seconds between two timed loads."
  type        = number
}
