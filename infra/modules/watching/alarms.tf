# What somebody is told of even when Airflow, which watches the rest, is down itself. A metric that does not come is an alarm where its
# silence is the fault.

locals {
  alarms = var.running ? {
    lag = {
      text      = "Records wait for the lake for five minutes: infra/runbooks/lag-grows.md"
      metric    = "ticklake_consumer_lag_records"
      service   = "consumer"
      statistic = "Sum"
      above     = var.lag_records
      minutes   = 5
      missing   = "breaching"
    }
    lake_late = {
      text      = "The oldest record in a consumer's memory is older than the lake may be: infra/runbooks/lag-grows.md"
      metric    = "ticklake_consumer_oldest_buffered_seconds"
      service   = "consumer"
      statistic = "Maximum"
      above     = 60
      minutes   = 3
      missing   = "notBreaching"
    }
    records_lost = {
      text      = "Kafka has deleted records before they were read: docs/operations.md"
      metric    = "ticklake_consumer_expired_records_total"
      service   = "consumer"
      statistic = "Sum"
      above     = 0
      minutes   = 1
      missing   = "notBreaching"
    }
    unacknowledged = {
      text      = "The broker has acknowledged nothing of the producer's for three minutes: docs/operations.md"
      metric    = "ticklake_producer_last_ack_age_seconds"
      service   = "producer"
      statistic = "Maximum"
      above     = 180
      minutes   = 3
      missing   = "breaching"
    }
    alerts_unstored = {
      text      = "Price alerts wait for the warehouse: docs/alerts.md"
      metric    = "ticklake_alerts_unstored"
      service   = "alerts"
      statistic = "Maximum"
      above     = 0
      minutes   = 15
      missing   = "notBreaching"
    }
  } : {}
  services = var.running ? toset(var.services) : toset([])
}

resource "aws_cloudwatch_metric_alarm" "measured" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}"
  alarm_description   = each.value.text
  namespace           = var.name
  metric_name         = each.value.metric
  dimensions          = { service = each.value.service }
  statistic           = each.value.statistic
  period              = 60
  evaluation_periods  = each.value.minutes
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# A service that has fewer tasks than it wants starts again and again, or cannot start.
resource "aws_cloudwatch_metric_alarm" "tasks" {
  for_each = local.services

  alarm_name          = "${var.name}-${each.key}-tasks"
  alarm_description   = "Fewer tasks of ${each.key} run than should: the service's events in ECS say why"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "missing"
    expression  = "desired - running"
    label       = "Tasks that are missing"
    return_data = true
  }

  metric_query {
    id = "desired"

    metric {
      namespace   = "ECS/ContainerInsights"
      metric_name = "DesiredTaskCount"
      dimensions  = { ClusterName = var.cluster, ServiceName = each.key }
      stat        = "Minimum"
      period      = 60
    }
  }

  metric_query {
    id = "running"

    metric {
      namespace   = "ECS/ContainerInsights"
      metric_name = "RunningTaskCount"
      dimensions  = { ClusterName = var.cluster, ServiceName = each.key }
      stat        = "Minimum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-dashboard-5xx"
  alarm_description   = "The dashboard answers with errors, or not at all"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = var.balancer.suffix, TargetGroup = var.balancer.target_group }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# monitor_pipeline judges the freshness of every hop and tells of it; that Airflow works at all is seen here, by its own words.
resource "aws_cloudwatch_metric_alarm" "loads" {
  count = var.airflow_log_group == null || !var.running ? 0 : 1

  alarm_name          = "${var.name}-loads-stand"
  alarm_description   = "No load has ended for ten minutes beyond its interval, so the warehouse is late and nobody judges it: infra/runbooks/load-fails.md"
  namespace           = var.name
  metric_name         = "loads"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 10 + ceil(var.load_interval_s / 60)
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_log_metric_filter" "loads" {
  count = var.airflow_log_group == null ? 0 : 1

  name           = "${var.name}-loads"
  log_group_name = var.airflow_log_group
  pattern        = "\"DagRun Finished: dag_id=load_ticks\" \"state=success\""

  metric_transformation {
    namespace = var.name
    name      = "loads"
    value     = "1"
  }
}
