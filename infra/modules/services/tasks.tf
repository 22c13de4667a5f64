# What each service is: its image and command, its own settings, the secrets that it is handed and where its health and metrics are.
# A secret is a file, named as its setting in small letters, or the one that a setting points to.

locals {
  home  = "/var/lib/ticklake"
  files = "/run/ticklake"

  tasks = {
    producer = {
      image   = "service"
      command = ["python", "-m", "streaming.producer"]
      health  = "http://127.0.0.1:9101/healthz"
      metrics = "127.0.0.1:9101"
      watched = "ticklake_producer_(last_ack_age_seconds|records_buffered|ticks_total)"
      login   = null
      settings = {
        TICKLAKE_SOURCES            = var.deployment.sources
        TICKLAKE_HTTP_HOST          = "0.0.0.0"
        TICKLAKE_PRODUCER_HTTP_PORT = "9101"
      }
      secrets = { for source in setintersection(split(",", var.deployment.sources), ["finnhub", "alphavantage"]) : "ticklake_${source}_key" => "${source}-key" }
    }
    consumer = {
      image   = "service"
      command = ["python", "-m", "streaming.consumer"]
      health  = "http://127.0.0.1:9102/healthz"
      metrics = "127.0.0.1:9102"
      watched = "ticklake_consumer_(lag_records|oldest_buffered_seconds|expired_records_total|rejects_total)"
      login   = null
      settings = {
        TICKLAKE_CONSUMER_HTTP_PORT = "9102"
      }
      secrets = {}
    }
    alerts = {
      image   = "service"
      command = ["python", "-m", "streaming.alerts"]
      health  = "http://127.0.0.1:9103/healthz"
      metrics = "127.0.0.1:9103"
      watched = "ticklake_alerts_(lag_records|unstored)"
      login   = "ALERTS"
      settings = {
        TICKLAKE_ALERTS_HTTP_PORT = "9103"
      }
      secrets = { warehouse_key = "warehouse-alerts" }
    }
    dashboard = {
      image   = "dashboard"
      command = ["python", "-m", "dashboard"]
      health  = "http://127.0.0.1:8501/_stcore/health"
      metrics = "127.0.0.1:9104"
      watched = "ticklake_dashboard_(reruns|rerun_seconds)"
      login   = "DASHBOARD"
      settings = {
        TICKLAKE_SOURCES                     = var.deployment.sources
        TICKLAKE_HTTP_HOST                   = "0.0.0.0"
        TICKLAKE_DASHBOARD_HTTP_PORT         = "9104"
        TICKLAKE_DASHBOARD_URL               = var.deployment.dashboard_url
        TICKLAKE_AIRFLOW_URL                 = var.airflow_url
        TICKLAKE_PRODUCER_STATUS_URL         = local.statuses["producer"]
        TICKLAKE_OIDC_CLIENT_ID              = var.oidc.client_id
        TICKLAKE_OIDC_METADATA_URL           = var.oidc.metadata_url
        TICKLAKE_OIDC_CLAIM                  = var.oidc.claim
        TICKLAKE_OIDC_ADMINS                 = var.oidc.admins
        TICKLAKE_OIDC_ANALYSTS               = var.oidc.analysts
        TICKLAKE_OIDC_VIEWERS                = var.oidc.viewers
        STREAMLIT_SERVER_ADDRESS             = "0.0.0.0"
        STREAMLIT_SERVER_PORT                = "8501"
        STREAMLIT_SERVER_HEADLESS            = "true"
        STREAMLIT_SERVER_FILE_WATCHER_TYPE   = "none"
        STREAMLIT_BROWSER_GATHER_USAGE_STATS = "false"
      }
      secrets = {
        warehouse_key               = "warehouse-dashboard"
        ticklake_oidc_client_secret = "oidc-client"
        ticklake_oidc_cookie_secret = "oidc-cookie"
      }
    }
    # No service: `deploy.sh run` runs one command with it, where brokers can be reached. Airflow's image has all that commands import.
    operator = {
      image   = "airflow"
      command = ["python", "-m", "ticklake_io.topics"]
      health  = null
      metrics = null
      watched = null
      login   = "OPERATOR"
      # Airflow's image waits for Airflow's database before it begins anything, and this task has none.
      settings = {
        CONNECTION_CHECK_MAX_COUNT     = "0"
        AIRFLOW_HOME                   = "${local.home}/airflow"
        TICKLAKE_SOURCES               = var.deployment.sources
        TICKLAKE_PRODUCER_STATUS_URL   = local.statuses["producer"]
        TICKLAKE_TICKS_PARTITIONS      = tostring(var.partitions)
        TICKLAKE_WAREHOUSE_INTEGRATION = var.integration
      }
      secrets = { warehouse_key = "warehouse-operator" }
    }
  }

  settings = {
    HOME                     = local.home
    TMPDIR                   = local.home
    TICKLAKE_HOME            = local.home
    TICKLAKE_SECRETS_DIR     = local.files
    TICKLAKE_KAFKA_BOOTSTRAP = var.deployment.bootstrap
    TICKLAKE_KAFKA_CLIENT    = "confluent"
    TICKLAKE_KAFKA_SECURITY  = "SASL_SSL"
    TICKLAKE_KAFKA_SASL      = var.deployment.broker == "msk" ? "AWS_MSK_IAM" : "SCRAM-SHA-512"
    TICKLAKE_S3_BUCKET       = var.deployment.bucket
    TICKLAKE_S3_REGION       = var.deployment.region
    TICKLAKE_LIFECYCLE_OWNER = "terraform"

    TICKLAKE_LOAD_INTERVAL_S    = tostring(var.deployment.loads.interval_s)
    TICKLAKE_LOAD_HINTS         = tostring(var.deployment.loads.hints)
    TICKLAKE_TARGET_WAREHOUSE_S = tostring(var.deployment.loads.target_s)
    TICKLAKE_ALARM_LOAD_P95_S   = tostring(var.deployment.loads.slow_s)
    TICKLAKE_ALARM_LAG_RECORDS  = tostring(var.deployment.lag_records)
    TICKLAKE_WAREHOUSE_ACCOUNT  = var.deployment.warehouse.account
    TICKLAKE_WAREHOUSE_DATABASE = var.deployment.warehouse.database
  }

  # On instances of our own a service is a SCRAM user, and the brokers' authority is ours.
  kafka_settings = { for name in keys(local.tasks) : name => var.deployment.broker == "msk" ? {} : {
    TICKLAKE_KAFKA_USERNAME = "ticklake-${name}"
    TICKLAKE_KAFKA_CA_FILE  = "${local.files}/kafka_ca"
  } }

  # Who never logs in to the warehouse still has to name a user, because settings are one list for all.
  warehouse_settings = { for name, task in local.tasks : name => task.login == null ? { TICKLAKE_WAREHOUSE_USER = "NOBODY" } : {
    TICKLAKE_WAREHOUSE_USER             = var.deployment.warehouse.services[task.login].user
    TICKLAKE_WAREHOUSE_ROLE             = var.deployment.warehouse.services[task.login].role
    TICKLAKE_WAREHOUSE_COMPUTE          = var.deployment.warehouse.services[task.login].warehouse
    TICKLAKE_WAREHOUSE_PRIVATE_KEY_FILE = "${local.files}/warehouse_key"
  } }

  secrets = { for name, task in local.tasks : name => merge(task.secrets, var.deployment.broker == "msk" ? {} : {
    kafka_ca                = "kafka-ca"
    ticklake_kafka_password = "kafka-${name}"
  }) }
}
