variable "name" {
  description = "The deployment, such as ticklake-prod; stands in the comment of every object."
  type        = string
}

variable "database" {
  description = "Database of the platform. Every account object's name begins with it, so that dev and prod may share an account: TICKLAKE, TICKLAKE_DEV."
  type        = string
  default     = "TICKLAKE"

  validation {
    condition     = can(regex("^[A-Z][A-Z0-9_]*$", var.database))
    error_message = "Upper case letters, digits and underscores only: the versioned SQL does not quote names."
  }
}

variable "bucket" {
  description = "Bucket of the lake, its name alone."
  type        = string
}

variable "lake_role_arn" {
  description = "ARN of the AWS role that the storage integration assumes. Composed of account and name, not taken from the role: the role's trust needs this module's outputs."
  type        = string
}

variable "allowed_ips" {
  description = "IPv4 addresses or CIDR blocks that service users may come from: the NAT or egress addresses of the services, and of who deploys."
  type        = set(string)

  validation {
    condition     = length(var.allowed_ips) > 0 && !contains(var.allowed_ips, "0.0.0.0/0")
    error_message = "Name the addresses; the whole internet is no network policy."
  }
}

variable "credit_quota" {
  description = "Credits a month that all warehouses together may use before they are suspended."
  type        = number
}

variable "notify_users" {
  description = "Snowflake users with a verified e-mail address that the resource monitor tells of 50, 75, 90 and 100 percent."
  type        = set(string)
  default     = []
}

variable "service_public_keys" {
  description = "RSA public keys of the service users, PEM without its first and last line, by role: LOADER, DASHBOARD, ALERTS, OPERATOR, ANALYST. A role without a key has no service user."
  type        = map(string)

  validation {
    condition     = length(setsubtract(keys(var.service_public_keys), ["LOADER", "DASHBOARD", "ALERTS", "OPERATOR", "ANALYST"])) == 0
    error_message = "Service users exist for LOADER, DASHBOARD, ALERTS, OPERATOR and ANALYST."
  }
}

variable "service_public_keys_2" {
  description = "Second keys, by role: a key is exchanged by adding the new one here, restarting the service with it, and moving it to service_public_keys."
  type        = map(string)
  default     = {}
}

variable "members" {
  description = "People who have a role, by role: { ANALYST = [\"ADA\"] }. Their users are not made here."
  type        = map(set(string))
  default     = {}
}

variable "retention_days" {
  description = "Days for which dropped and changed rows can be brought back; more than 1 needs the Enterprise edition."
  type        = number
  default     = 1
}
