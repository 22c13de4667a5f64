-- Names in braces are filled in by who applies this.
-- noqa: disable=RF05
-- Rights on one table alone. All others are Terraform's and count for whole schemas: infra/modules/snowflake/rights.yaml.
-- What users have written stays as they wrote it; an alert is the one row that somebody changes, when it is acknowledged.
GRANT UPDATE ON TABLE APP.ALERTS TO ROLE "{database}_DASHBOARD";
GRANT SELECT ON TABLE APP.ALERT_RULES TO ROLE "{database}_ALERTS";
GRANT SELECT, INSERT ON TABLE APP.ALERTS TO ROLE "{database}_ALERTS";
