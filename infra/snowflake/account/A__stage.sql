-- Names in braces are filled in by who applies this.
-- noqa: disable=RF05
-- How Snowflake reads the lake: by the integration that Terraform made, with no key of ours.
ALTER STAGE RAW.LAKE SET URL = 's3://{bucket}/' STORAGE_INTEGRATION = "{integration}";
