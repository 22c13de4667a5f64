variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name."
  type        = string
}

variable "account_id" {
  description = "The AWS account: the last part of the buckets' names, which are the world's."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that the lake is encrypted with."
  type        = string
}

variable "log_days" {
  description = "Days for which access, flow and load balancer logs are kept."
  type        = number
}
