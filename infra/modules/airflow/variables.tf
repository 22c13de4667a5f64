variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name."
  type        = string
}

variable "kind" {
  description = "ecs: our own image as one task; mwaa: Amazon's; none: you bring yours."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "running" {
  description = "Whether Airflow runs: false until images, topics, tables and secrets are there."
  type        = bool
}

variable "protected" {
  description = "Whether the database stands in two zones, refuses to be deleted and leaves a last snapshot."
  type        = bool
}

variable "image" {
  description = "Our image of Airflow, with its tag."
  type        = string
}

variable "user" {
  description = "User and group that the image runs as."
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

variable "secret_arns" {
  description = "The secrets' ARNs, by the last part of their names."
  type        = map(string)
}

variable "kms_key_arn" {
  description = "Key of database, logs and MWAA."
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

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "private_subnet_ids" {
  description = "Where Airflow runs."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups by name."
  type        = map(string)
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

variable "dashboard_url" {
  description = "TICKLAKE_DASHBOARD_URL."
  type        = string
}

variable "status_urls" {
  description = "Where a service is asked what it does, by service."
  type        = map(string)
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

variable "warehouse" {
  description = "Snowflake's account and database; and by role the service user, its role and its warehouse."
  type = object({
    account  = string
    database = string
    services = map(object({ user = string, role = string, warehouse = string }))
  })
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
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

variable "loads" {
  description = "TICKLAKE_LOAD_INTERVAL_S and TICKLAKE_LOAD_HINTS: how fresh the warehouse is, and how long it is awake."
  type        = object({ interval_s = number, hints = bool })
}
