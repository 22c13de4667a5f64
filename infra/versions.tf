terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
    snowflake = {
      source  = "snowflakedb/snowflake"
      version = "~> 2.20"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      deployment = local.name
      project    = "ticklake"
      managed-by = "terraform"
    }
  }
}

# The private key comes from SNOWFLAKE_PRIVATE_KEY in the environment of who applies, so it is in no file and no state. Who only plans is
# a user who may change nothing, of the same name with _PLAN behind it, and a role of that name.
provider "snowflake" {
  organization_name = var.snowflake.organization
  account_name      = var.snowflake.account
  user              = var.only_planned ? "${var.snowflake.user}_PLAN" : var.snowflake.user
  role              = var.only_planned ? "${var.snowflake.user}_PLAN" : "ACCOUNTADMIN"
  authenticator     = "SNOWFLAKE_JWT"
}
