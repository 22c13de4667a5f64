# Users of services: a key pair and an address that is on the list, never a password. Workload identity would spare the keys, but
# the provider has it as an experiment only (2.20).

resource "snowflake_network_policy" "services" {
  name            = "${var.database}_SERVICES"
  comment         = local.comment
  allowed_ip_list = var.allowed_ips
}

resource "snowflake_service_user" "service" {
  for_each = var.service_public_keys

  name                           = "${var.database}_SVC_${each.key}"
  comment                        = local.comment
  rsa_public_key                 = each.value
  rsa_public_key_2               = lookup(var.service_public_keys_2, each.key, null)
  network_policy                 = snowflake_network_policy.services.name
  default_role                   = snowflake_account_role.role[each.key].name
  default_secondary_roles_option = each.key == "LOADER" ? "ALL" : "NONE"
  default_warehouse              = snowflake_warehouse.warehouse[local.rights[each.key].warehouse].name
  default_namespace              = snowflake_database.ticklake.name
}

resource "snowflake_grant_account_role" "service" {
  for_each = var.service_public_keys

  role_name = snowflake_account_role.role[each.key].name
  user_name = snowflake_service_user.service[each.key].name
}

# Airflow has one connection to the warehouse, so its user has these roles at once (its secondary roles are ALL). They stay apart so that
# transformations can move to a connection of their own, or to another tool, without the right to change RAW, and backups likewise.
resource "snowflake_grant_account_role" "to_loader" {
  for_each = toset(contains(keys(var.service_public_keys), "LOADER") ? ["TRANSFORMER", "BACKUP"] : [])

  role_name = snowflake_account_role.role[each.key].name
  user_name = snowflake_service_user.service["LOADER"].name
}
