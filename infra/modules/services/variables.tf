variable "deployment" {
  description = "What services and Airflow have in common: name (the first part of every name, and the namespace of metrics), user (that images run as), settings (further ones), and what the settings of the same names say."
  type = object({
    name               = string
    region             = string
    running            = bool
    protected          = bool
    user               = string
    sources            = string
    broker             = string
    bootstrap          = string
    bucket             = string
    settings           = map(string)
    dashboard_url      = string
    log_days           = number
    vpc_id             = string
    private_subnet_ids = list(string)
    security_group_ids = map(string)
    secret_arns        = map(string)
    kms_key_arn        = string
    lag_records        = number
    loads              = object({ interval_s = number, hints = bool, target_s = number, slow_s = number })
    warehouse = object({
      account  = string
      database = string
      services = map(object({ user = string, role = string, warehouse = string }))
    })
  })
}

variable "image_tag" {
  description = "Tag of our images: the project's version, or a commit."
  type        = string
}

variable "collector_image" {
  description = "AWS's distribution of the OpenTelemetry collector, by tag."
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

variable "partitions" {
  description = "Partitions of the ticks topic: TICKLAKE_TICKS_PARTITIONS, and most consumers that can work."
  type        = number
}

variable "logs_bucket" {
  description = "Bucket that takes the load balancer's logs."
  type        = string
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

variable "public_subnet_ids" {
  description = "Where the load balancer stands."
  type        = list(string)
}

variable "role_arns" {
  description = "What each task runs as."
  type        = map(string)
}

variable "execution_role_arns" {
  description = "What ECS prepares each task as."
  type        = map(string)
}
