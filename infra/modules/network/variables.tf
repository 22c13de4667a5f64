variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network, a /16."
  type        = string
}

variable "zones" {
  description = "Availability zones by name, from 2 (the load balancer wants two) to 8. New ones go to the end: a zone's place decides its addresses."
  type        = list(string)

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 8
    error_message = "From 2 to 8."
  }
}

variable "nat_gateways" {
  description = "NAT gateways: 1 is cheap and stops with its zone; one for each zone goes on."
  type        = number

  validation {
    condition     = var.nat_gateways >= 1 && var.nat_gateways <= length(var.zones)
    error_message = "At least 1, because Snowflake is outside, and at most one for each zone."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached inside the network, such as ecr.api, ecr.dkr, logs, secretsmanager, sts; those not named go by the NAT gateway."
  type        = set(string)
}

variable "dashboard_cidrs" {
  description = "Addresses that may reach the dashboard."
  type        = set(string)
}

variable "balancer_signs_in" {
  description = "Whether the load balancer asks Cognito who somebody is."
  type        = bool
}

variable "logs_bucket_arn" {
  description = "Bucket that takes the flow logs."
  type        = string
}

variable "kafka_port" {
  description = "Port of Kafka's clients: 9098 on MSK with IAM, 9092 on instances of our own."
  type        = number
}
