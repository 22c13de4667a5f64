# Roles and what they may, all of it from rights.yaml.

locals {
  rights = yamldecode(file("${path.module}/rights.yaml"))

  on_schemas = merge([
    for role, right in local.rights : {
      for schema, kinds in right.schemas : "${role}.${schema}" => {
        role       = role
        schema     = schema
        privileges = concat(["USAGE"], try(kinds.SCHEMA, []))
      }
    }
  ]...)

  on_objects = merge(flatten([
    for role, right in local.rights : [
      for schema, kinds in right.schemas : {
        for kind, privileges in kinds : "${role}.${schema}.${kind}" => {
          role       = role
          schema     = schema
          kind       = kind
          privileges = privileges
        } if kind != "SCHEMA"
      }
    ]
  ])...)

  memberships = merge([
    for role, people in var.members : { for person in people : "${role}.${person}" => { role = role, person = person } }
  ]...)
}

resource "snowflake_account_role" "role" {
  for_each = local.rights

  name    = "${var.database}_${each.key}"
  comment = "${each.value.used_by}; ${local.comment}"
}

resource "snowflake_grant_privileges_to_account_role" "on_database" {
  for_each = local.rights

  account_role_name = snowflake_account_role.role[each.key].name
  privileges        = concat(["USAGE"], try(each.value.database, []))

  on_account_object {
    object_type = "DATABASE"
    object_name = snowflake_database.ticklake.name
  }
}

resource "snowflake_grant_privileges_to_account_role" "on_warehouse" {
  for_each = local.rights

  account_role_name = snowflake_account_role.role[each.key].name
  privileges        = ["USAGE"]

  on_account_object {
    object_type = "WAREHOUSE"
    object_name = snowflake_warehouse.warehouse[each.value.warehouse].name
  }
}

resource "snowflake_grant_privileges_to_account_role" "on_integration" {
  for_each = { for role, right in local.rights : role => right.integration if can(right.integration) }

  account_role_name = snowflake_account_role.role[each.key].name
  privileges        = each.value

  on_account_object {
    object_type = "INTEGRATION"
    object_name = snowflake_storage_integration_aws.lake.name
  }
}

resource "snowflake_grant_privileges_to_account_role" "on_schema" {
  for_each = local.on_schemas

  account_role_name = snowflake_account_role.role[each.value.role].name
  privileges        = each.value.privileges

  on_schema {
    schema_name = snowflake_schema.schema[each.value.schema].fully_qualified_name
  }
}

# On what there is: a role that is added to a warehouse with data in it.
resource "snowflake_grant_privileges_to_account_role" "on_all" {
  for_each = local.on_objects

  account_role_name = snowflake_account_role.role[each.value.role].name
  privileges        = each.value.privileges

  on_schema_object {
    all {
      object_type_plural = each.value.kind
      in_schema          = snowflake_schema.schema[each.value.schema].fully_qualified_name
    }
  }
}

# On what comes: all of it at the first apply, and a table that a later release brings.
resource "snowflake_grant_privileges_to_account_role" "on_future" {
  for_each = local.on_objects

  account_role_name = snowflake_account_role.role[each.value.role].name
  privileges        = each.value.privileges

  on_schema_object {
    future {
      object_type_plural = each.value.kind
      in_schema          = snowflake_schema.schema[each.value.schema].fully_qualified_name
    }
  }
}

# Or nobody but ACCOUNTADMIN could look after what OPERATOR owns.
resource "snowflake_grant_account_role" "operator_to_sysadmin" {
  role_name        = snowflake_account_role.role["OPERATOR"].name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_grant_account_role" "member" {
  for_each = local.memberships

  role_name = snowflake_account_role.role[each.value.role].name
  user_name = each.value.person
}
