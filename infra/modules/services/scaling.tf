# The consumer grows with its lag, up to a task for each partition; more would stand by. Lag says nothing of how many tasks are too
# many, so it goes up by steps and down one by one, when there has been next to none for a quarter of an hour.

locals {
  scaled = { for name in ["consumer", "dashboard"] : name => var.sizes[name] if var.deployment.running }
}

resource "aws_appautoscaling_target" "this" {
  for_each = local.scaled

  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = each.value.count
  max_capacity       = each.key == "consumer" ? min(each.value.most, var.partitions) : each.value.most
}

resource "aws_appautoscaling_policy" "consumer_more" {
  count = var.deployment.running ? 1 : 0

  name               = "${var.deployment.name}-consumer-more"
  policy_type        = "StepScaling"
  service_namespace  = "ecs"
  resource_id        = aws_appautoscaling_target.this["consumer"].resource_id
  scalable_dimension = "ecs:service:DesiredCount"

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = 180
    metric_aggregation_type = "Average"

    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 400000
      scaling_adjustment          = 1
    }

    step_adjustment {
      metric_interval_lower_bound = 400000
      scaling_adjustment          = 2
    }
  }
}

resource "aws_appautoscaling_policy" "consumer_fewer" {
  count = var.deployment.running ? 1 : 0

  name               = "${var.deployment.name}-consumer-fewer"
  policy_type        = "StepScaling"
  service_namespace  = "ecs"
  resource_id        = aws_appautoscaling_target.this["consumer"].resource_id
  scalable_dimension = "ecs:service:DesiredCount"

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = 900
    metric_aggregation_type = "Average"

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = -1
    }
  }
}

# These ring when all is well, too, so they are not named like the alarms that people are told of.
resource "aws_cloudwatch_metric_alarm" "lag_high" {
  count = var.deployment.running ? 1 : 0

  alarm_name          = "scaling/${var.deployment.name}/more"
  alarm_description   = "Records wait for the lake: one consumer more"
  namespace           = var.deployment.name
  metric_name         = "ticklake_consumer_lag_records"
  dimensions          = { service = "consumer" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.deployment.lag_records
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.consumer_more[0].arn]
}

resource "aws_cloudwatch_metric_alarm" "lag_low" {
  count = var.deployment.running ? 1 : 0

  alarm_name          = "scaling/${var.deployment.name}/fewer"
  alarm_description   = "Next to nothing waits for the lake: one consumer less"
  namespace           = var.deployment.name
  metric_name         = "ticklake_consumer_lag_records"
  dimensions          = { service = "consumer" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 15
  comparison_operator = "LessThanThreshold"
  threshold           = var.deployment.lag_records / 20
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.consumer_fewer[0].arn]
}

resource "aws_appautoscaling_policy" "dashboard" {
  count = var.deployment.running ? 1 : 0

  name               = "${var.deployment.name}-dashboard"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  resource_id        = aws_appautoscaling_target.this["dashboard"].resource_id
  scalable_dimension = "ecs:service:DesiredCount"

  target_tracking_scaling_policy_configuration {
    target_value       = 50
    scale_in_cooldown  = 900
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
