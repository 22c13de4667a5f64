# A minute is both the time between two readings and the period of the metrics, so that a sum over a minute is a sum over partitions
# and tasks, not over readings. Of all metrics only those that an alarm or the scaling waits for are sent: each has its price.

locals {
  collectors = { for name, task in local.tasks : name => yamlencode({
    receivers = {
      prometheus = { config = { scrape_configs = [{
        job_name               = name
        scrape_interval        = "60s"
        static_configs         = [{ targets = [task.metrics], labels = { service = name } }]
        metric_relabel_configs = [{ source_labels = ["__name__"], regex = task.watched, action = "keep" }]
      }] } }
    }
    exporters = {
      awsemf = {
        namespace               = var.deployment.name
        region                  = var.deployment.region
        log_group_name          = aws_cloudwatch_log_group.metrics.name
        log_stream_name         = "${name}-{TaskId}"
        dimension_rollup_option = "NoDimensionRollup"
        metric_declarations     = [{ dimensions = [["service"]], metric_name_selectors = ["^${task.watched}"] }]
      }
    }
    service = { pipelines = { metrics = { receivers = ["prometheus"], exporters = ["awsemf"] } } }
  }) if task.metrics != null }
}

resource "aws_cloudwatch_log_group" "metrics" {
  #checkov:skip=CKV_AWS_338:the metrics themselves live for 15 months; these lines are how they get there
  name              = "/${var.deployment.name}/metrics"
  retention_in_days = 7
  kms_key_id        = var.deployment.kms_key_arn
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:a year of a program's lines has never been asked for; what must be kept is in the lake and in OPS
  for_each = local.tasks

  name              = "/${var.deployment.name}/${each.key}"
  retention_in_days = var.deployment.log_days
  kms_key_id        = var.deployment.kms_key_arn
}
