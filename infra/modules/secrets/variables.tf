variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name."
  type        = string
}

variable "account_id" {
  description = "The AWS account."
  type        = string
}

variable "secrets" {
  description = "What each secret is, by the last part of its name."
  type        = map(string)
}
