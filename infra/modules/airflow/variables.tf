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

variable "kind" {
  description = "ecs: our own image as one task; mwaa: Amazon's; none: you bring yours."
  type        = string
}

variable "image" {
  description = "Our image of Airflow, with its tag."
  type        = string
}

variable "cpu" {
  description = "Processor units of Fargate."
  type        = number
}

variable "memory" {
  description = "MiB of Fargate."
  type        = number
}

variable "cluster" {
  description = "The ECS cluster."
  type        = string
}

variable "role_arn" {
  description = "What DAGs run as."
  type        = string
}

variable "execution_role_arn" {
  description = "What ECS prepares the task as."
  type        = string
}

variable "database_class" {
  description = "Class of Airflow's database."
  type        = string
}

variable "database_password_version" {
  description = "Raised by one when the secret of the password was changed."
  type        = number
}

variable "only_planned" {
  description = "Whether nobody will apply this, so that the password need not be read."
  type        = bool
}

variable "listener_arn" {
  description = "The load balancer's listener."
  type        = string
}

variable "domain" {
  description = "Name under which people reach Airflow."
  type        = string
}

variable "sign_in" {
  description = "User pool of Cognito at which people sign in before they see Airflow; null leaves it to Airflow's own users."
  type        = object({ user_pool_arn = string, client_id = string, domain = string })
}

variable "notify" {
  description = "Where alarms and failed tasks are told of: slack, webhook; the address of each is the secret notify-<name>."
  type        = set(string)
}

variable "status_urls" {
  description = "Where a service is asked what it does, by service."
  type        = map(string)
}

variable "mwaa_version" {
  description = "Version of MWAA; the DAGs need Airflow 3.3."
  type        = string
}

variable "code_bucket_arn" {
  description = "Bucket of MWAA's code, below airflow/."
  type        = string
}

variable "code_versions" {
  description = "Versions of MWAA's plugins.zip, requirements.txt and start.sh in that bucket."
  type        = object({ plugins = string, requirements = string, start = string })
}
