"""The Terraform module of the Snowflake account: nothing that runs on unseen, nobody with a password, no right beside the table of rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

MODULE = Path(__file__).parents[2] / "infra" / "modules" / "snowflake"
PLAIN = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True, explicit_blocks=False)
FILES = [hcl2.loads(path.read_text(), serialization_options=PLAIN) for path in sorted(MODULE.glob("*.tf"))]
RIGHTS = yaml.safe_load((MODULE / "rights.yaml").read_text())

STABLE = {
    "snowflake_account_role",
    "snowflake_database",
    "snowflake_grant_account_role",
    "snowflake_grant_privileges_to_account_role",
    "snowflake_network_policy",
    "snowflake_resource_monitor",
    "snowflake_schema",
    "snowflake_service_user",
    "snowflake_storage_integration_aws",
    "snowflake_warehouse",
}
"""What the module is made of. Each is stable in the provider's release 2.20, which asks for preview features by name."""

Block = dict[str, Any]


def blocks(kind: str) -> list[Any]:
    """All blocks of a kind, of every file."""
    return [block for file in FILES for block in file.get(kind, [])]


def resources(wanted: str) -> dict[str, Block]:
    """The resources of a type by name."""
    return {name: body for block in blocks("resource") for kind, named in block.items() if kind == wanted for name, body in named.items()}


def grants(target: str) -> dict[str, Block]:
    """Grants of privileges on one kind of target, by name, with the target's own block."""
    every = resources("snowflake_grant_privileges_to_account_role")
    return {name: body | {"target": body[target][0]} for name, body in every.items() if target in body}


def test_only_stable_resources_are_used() -> None:
    assert {kind for block in blocks("resource") for kind in block} == STABLE
    assert blocks("data") == []


def test_the_provider_s_release_is_pinned_and_its_configuration_left_to_the_root() -> None:
    (terraform,) = blocks("terraform")
    assert terraform["required_providers"][0]["snowflake"] == {"source": "snowflakedb/snowflake", "version": "~> 2.20"}
    assert blocks("provider") == []


def test_a_warehouse_is_small_sleeps_after_a_minute_and_is_watched() -> None:
    (warehouse,) = resources("snowflake_warehouse").values()
    assert warehouse["warehouse_size"] == "XSMALL"
    assert warehouse["auto_suspend"] == 60
    assert warehouse["auto_resume"] == "true"
    assert warehouse["initially_suspended"] is True
    assert warehouse["resource_monitor"] == "${snowflake_resource_monitor.credits.name}"
    assert warehouse["statement_timeout_in_seconds"] == "${each.value.timeout_s}"
    assert not {"max_cluster_count", "enable_query_acceleration"} & set(warehouse)


def test_the_monitor_tells_before_it_suspends() -> None:
    monitor = resources("snowflake_resource_monitor")["credits"]
    assert monitor["credit_quota"] == "${var.credit_quota}"
    assert monitor["frequency"] == "MONTHLY"
    assert monitor["notify_triggers"] == [50, 75, 90]
    assert max(monitor["notify_triggers"]) < monitor["suspend_trigger"] == 100 < monitor["suspend_immediate_trigger"]


def test_a_service_has_a_key_an_address_and_no_password() -> None:
    (user,) = resources("snowflake_service_user").values()
    assert user["rsa_public_key"] == "${each.value}"
    assert user["network_policy"] == "${snowflake_network_policy.services.name}"
    assert "password" not in "".join(path.read_text().replace("never a password", "") for path in MODULE.glob("*.tf"))
    assert resources("snowflake_network_policy")["services"]["allowed_ip_list"] == "${var.allowed_ips}"


def test_secondary_roles_are_for_the_one_user_with_several_roles() -> None:
    (user,) = resources("snowflake_service_user").values()
    assert user["default_secondary_roles_option"] == '${each.key == "LOADER" ? "ALL" : "NONE"}'
    given = resources("snowflake_grant_account_role")
    assert set(given) == {"operator_to_sysadmin", "member", "service", "to_loader"}
    assert '["TRANSFORMER", "BACKUP"]' in given["to_loader"]["for_each"]
    assert given["to_loader"]["user_name"] == '${snowflake_service_user.service["LOADER"].name}'
    assert [name for name, grant in given.items() if "parent_role_name" in grant] == ["operator_to_sysadmin"], "no role has another one's rights"


def test_the_integration_reads_what_is_loaded_and_no_more() -> None:
    (integration,) = resources("snowflake_storage_integration_aws").values()
    assert integration["storage_allowed_locations"] == ["s3://${var.bucket}/"]
    assert integration["storage_aws_role_arn"] == "${var.lake_role_arn}"


def test_every_right_comes_from_the_table_of_rights() -> None:
    privileges = {name: body["privileges"] for name, body in resources("snowflake_grant_privileges_to_account_role").items()}
    assert privileges == {
        "on_database": '${concat(["USAGE"], try(each.value.database, []))}',
        "on_warehouse": ["USAGE"],
        "on_integration": "${each.value}",
        "on_schema": "${each.value.privileges}",
        "on_all": "${each.value.privileges}",
        "on_future": "${each.value.privileges}",
    }
    assert not any(
        {"all_privileges", "with_grant_option", "always_apply"} & set(body) for body in resources("snowflake_grant_privileges_to_account_role").values()
    )


def test_what_there_is_and_what_comes_have_the_same_rights() -> None:
    on_objects = grants("on_schema_object")
    assert set(on_objects) == {"on_all", "on_future"}
    assert {body["for_each"] for body in on_objects.values()} == {"${local.on_objects}"}
    assert on_objects["on_all"]["target"]["all"] == on_objects["on_future"]["target"]["future"]


@pytest.mark.parametrize("role", RIGHTS)
def test_a_role_names_a_warehouse_and_schemas_that_are_made(role: str) -> None:
    made = {name: value for block in blocks("locals") for name, value in block.items()}
    assert RIGHTS[role]["warehouse"] in made["warehouses"]
    assert set(RIGHTS[role]["schemas"]) <= set(made["schemas"])
    assert set(RIGHTS[role]) <= {"used_by", "warehouse", "database", "integration", "schemas"}


def test_service_users_exist_for_roles_alone() -> None:
    variables = {name: body for block in blocks("variable") for name, body in block.items()}
    assert all(f'"{role}"' in str(variables["service_public_keys"]["validation"]) for role in set(RIGHTS) - {"TRANSFORMER", "BACKUP"})
    assert all(body.get("description") and body.get("type") for body in variables.values())
    assert all(body.get("description") for block in blocks("output") for body in block.values())
