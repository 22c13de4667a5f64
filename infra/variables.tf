variable "environment" {
  description = "dev or prod: the last part of the deployment's name, ticklake-<environment>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "Up to 12 small letters and digits: load balancers and roles have short names."
  }

  # One environment's plan over another one's state would delete the other.
  validation {
    condition     = terraform.workspace == var.environment
    error_message = "Each environment has its own workspace: terraform workspace select -or-create <environment>."
  }
}

variable "account_id" {
  description = "The AWS account; an apply with another account's keys is refused."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Twelve digits."
  }
}

variable "region" {
  description = "AWS region; best that of the Snowflake account, because bytes between regions cost."
  type        = string
}

variable "running" {
  description = "Whether services run: false at the first apply, before images, topics, tables and secrets are there."
  type        = bool
  default     = true
}

variable "only_planned" {
  description = "Whether nobody will apply this: it is then planned without a secret, and by a user of Snowflake who may change nothing."
  type        = bool
  default     = false
}

variable "protected" {
  description = "Whether what holds data or an address refuses to be deleted, and Airflow's database stands in two zones: true in production."
  type        = bool
}

variable "cidr" {
  description = "Addresses of the network, a /16."
  type        = string
  default     = "10.40.0.0/16"
}

variable "zones" {
  description = "Availability zones that are used, by name; new ones go to the end."
  type        = list(string)
}

variable "nat_gateways" {
  description = "NAT gateways: 1, or one for each zone."
  type        = number
}

variable "interface_endpoints" {
  description = "AWS services that are reached inside the network; the others go by the NAT gateway."
  type        = set(string)
  default     = []
}

variable "broker" {
  description = "msk: MSK Serverless with IAM; ec2: instances of our own with SCRAM, cheaper."
  type        = string

  validation {
    condition     = contains(["msk", "ec2"], var.broker)
    error_message = "msk or ec2."
  }
}

variable "kafka" {
  description = "Instances of our own: how many (1 or 3), which, memory of the JVM, disk."
  type = object({
    nodes         = optional(number, 1)
    instance_type = optional(string, "t3a.medium")
    heap          = optional(string, "1g")
    disk_gb       = optional(number, 50)
  })
  default = {}
}

variable "partitions" {
  description = "Partitions of the ticks topic when it is created: most consumers that can work."
  type        = number
  default     = 6
}

variable "sources" {
  description = "Sources of the producer, separated by commas without spaces: simulator, coinbase, finnhub, alphavantage."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+(,[a-z]+)*$", var.sources))
    error_message = "Names, separated by commas without spaces."
  }
}

variable "settings" {
  description = "Further settings of all services and of Airflow by their whole names, such as TICKLAKE_BENCHMARK: docs/operations.md, docs/sources.md."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^TICKLAKE_[A-Z0-9_]+$", name))])
    error_message = "Settings are named TICKLAKE_..., in capitals."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings) : !can(regex(format("^TICKLAKE_(%s)$", join("|", local.own_settings)), name))])
    error_message = "One of them is a secret, or follows from another variable: sources, partitions, loads, lag_records, oidc, notify and the like."
  }
}

variable "image_tag" {
  description = "Tag of our images: the project's version, or a commit."
  type        = string
}

variable "image_user" {
  description = "User and group that the images run as (infra/docker/Dockerfile)."
  type        = string
  default     = "50000:0"
}

variable "sizes" {
  description = "Of each task, processor units and MiB of Fargate, how many there are and how many there may be: producer, consumer, alerts, dashboard, operator, airflow."
  type = map(object({
    cpu    = number
    memory = number
    count  = optional(number, 1)
    most   = optional(number, 1)
  }))

  validation {
    condition     = length(setsubtract(["producer", "consumer", "alerts", "dashboard", "operator", "airflow"], keys(var.sizes))) == 0
    error_message = "Each of producer, consumer, alerts, dashboard, operator and airflow needs a size."
  }
}

variable "domain" {
  description = "Name under which people reach the dashboard; Airflow is at airflow.<domain>."
  type        = string
}

variable "certificate_arn" {
  description = "ACM certificate of the domain and of airflow.<domain>, in this region."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone that gets both names; null when their records are kept elsewhere."
  type        = string
  default     = null
}

variable "dashboard_cidrs" {
  description = "Addresses that may reach the dashboard and Airflow's pages."
  type        = set(string)
}

variable "oidc" {
  description = "How people sign in to the dashboard: TICKLAKE_OIDC_*, docs/access.md."
  type = object({
    client_id    = string
    metadata_url = string
    claim        = optional(string, "roles")
    admins       = optional(string, "admin")
    analysts     = optional(string, "analyst")
    viewers      = optional(string, "viewer")
  })
}

variable "airflow" {
  description = "ecs: our own image as one task; mwaa: Amazon's, where it has Airflow 3.3; none: you bring yours."
  type        = string
  default     = "ecs"

  validation {
    condition     = contains(["ecs", "mwaa", "none"], var.airflow)
    error_message = "ecs, mwaa or none."
  }
}

variable "airflow_sign_in" {
  description = "With airflow = ecs: a user pool of Cognito at which people sign in before the load balancer lets them see Airflow; null leaves it to Airflow's own users."
  type        = object({ user_pool_arn = string, client_id = string, domain = string })
  default     = null
}

variable "airflow_principals" {
  description = "With airflow = none: ARNs of the roles that your own Airflow runs as, which may take ours."
  type        = set(string)
  default     = []

  validation {
    condition     = var.airflow != "none" || length(var.airflow_principals) > 0 || var.kubernetes != null
    error_message = "An Airflow of your own needs airflow_principals, or kubernetes: nobody could take its role."
  }
}

variable "kubernetes" {
  description = "For infra/kubernetes on EKS: the cluster's OpenID Connect provider in IAM, and by service the service account, namespace:name, that takes its role."
  type = object({
    provider_arn = string
    service_accounts = optional(map(string), {
      producer  = "ticklake:producer"
      consumer  = "ticklake:consumer"
      alerts    = "ticklake:alerts"
      dashboard = "ticklake:dashboard"
      airflow   = "airflow:airflow-*"
    })
  })
  default = null
}

variable "loads" {
  description = "Seconds between two timed loads, and whether landed objects start one: how fresh the warehouse is, and how long it is awake."
  type        = object({ interval_s = number, hints = bool })
  default     = { interval_s = 60, hints = true }
}

variable "airflow_database" {
  description = "Class of Airflow's database, and a number that is raised when the secret of its password was changed."
  type = object({
    class            = optional(string, "db.t4g.micro")
    password_version = optional(number, 1)
  })
  default = {}
}

variable "mwaa" {
  description = "Version of MWAA, and of its plugins.zip, requirements.txt and start.sh in the lake's bucket."
  type = object({
    version       = optional(string, "3.3.2")
    code_versions = optional(object({ plugins = string, requirements = string, start = string }), { plugins = "", requirements = "", start = "" })
  })
  default = {}
}

variable "snowflake" {
  description = "The Snowflake account: who applies, the database's name, credits a month, who is told of them, further addresses that service users may come from, public keys by role, people by role."
  type = object({
    organization  = string
    account       = string
    user          = string
    database      = optional(string, "TICKLAKE")
    credit_quota  = number
    notify_users  = optional(set(string), [])
    operator_ips  = optional(set(string), [])
    public_keys   = map(string)
    public_keys_2 = optional(map(string), {})
    members       = optional(map(set(string)), {})
  })

  validation {
    condition     = length(setsubtract(["LOADER", "DASHBOARD", "ALERTS", "OPERATOR"], keys(var.snowflake.public_keys))) == 0
    error_message = "LOADER, DASHBOARD, ALERTS and OPERATOR each need a public key."
  }
}

variable "alarm_emails" {
  description = "Who is told of alarms and of the budget."
  type        = set(string)
}

variable "notify" {
  description = "Where our own Airflow tells of its monitor's alarms and of failed tasks: slack, webhook. The address of each is a secret."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.notify, ["slack", "webhook"])) == 0
    error_message = "slack, webhook, both or none."
  }

  validation {
    condition     = length(var.notify) == 0 || var.airflow == "ecs"
    error_message = "Only an Airflow of ours (airflow = ecs) is handed these secrets."
  }
}

variable "budget_usd" {
  description = "What a month may cost at AWS, US dollars."
  type        = number
}

variable "lag_records" {
  description = "Records waiting for the lake that ask for one consumer more, and after five minutes are an alarm: TICKLAKE_ALARM_LAG_RECORDS, too."
  type        = number
  default     = 100000
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
}
