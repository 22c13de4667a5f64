# What only an account understands. Tables, views, the stage and the file format belong to the versioned SQL in infra/snowflake/,
# which runs after this. Who applies it needs ACCOUNTADMIN: nobody else may make resource monitors and integrations.

locals {
  comment = "${var.name}, by Terraform"
  schemas = {
    RAW     = "What the lake holds"
    CURATED = "What analysts read"
    OPS     = "How it got there"
    APP     = "What users write"
  }
  # A long statement of a person is a mistake; one of a rebuild is not.
  warehouses = {
    LOAD      = { timeout_s = 3600, queued_s = 300 }
    DASHBOARD = { timeout_s = 300, queued_s = 60 }
  }
}

resource "snowflake_database" "ticklake" {
  name                           = var.database
  comment                        = local.comment
  data_retention_time_in_days    = var.retention_days
  drop_public_schema_on_creation = true
}

resource "snowflake_schema" "schema" {
  for_each = local.schemas

  database = snowflake_database.ticklake.name
  name     = each.key
  comment  = each.value
}

resource "snowflake_resource_monitor" "credits" {
  name                      = "${var.database}_CREDITS"
  credit_quota              = var.credit_quota
  frequency                 = "MONTHLY"
  start_timestamp           = "IMMEDIATELY"
  notify_triggers           = [50, 75, 90]
  suspend_trigger           = 100
  suspend_immediate_trigger = 110
  notify_users              = var.notify_users
}

resource "snowflake_warehouse" "warehouse" {
  for_each = local.warehouses

  name                                = "${var.database}_${each.key}"
  comment                             = local.comment
  warehouse_size                      = "XSMALL"
  auto_suspend                        = 60
  auto_resume                         = "true"
  initially_suspended                 = true
  resource_monitor                    = snowflake_resource_monitor.credits.name
  statement_timeout_in_seconds        = each.value.timeout_s
  statement_queued_timeout_in_seconds = each.value.queued_s
}
