locals {
  # Two producers would ask the sources twice, and a key of a provider is one process's; all others may overlap while one is exchanged.
  overlapping = toset(["consumer", "alerts", "dashboard"])
  running     = toset(["producer", "consumer", "alerts", "dashboard"])
}

resource "aws_ecs_cluster" "this" {
  name = var.deployment.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

# An apply sets the count back to the least; the scaling takes it up again within minutes.
resource "aws_ecs_service" "this" {
  for_each = local.running

  name                               = each.key
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this[each.key].arn
  desired_count                      = var.deployment.running ? var.sizes[each.key].count : 0
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = contains(local.overlapping, each.key) ? 100 : 0
  deployment_maximum_percent         = contains(local.overlapping, each.key) ? 200 : 100
  health_check_grace_period_seconds  = each.key == "dashboard" ? 120 : null
  propagate_tags                     = "SERVICE"
  enable_execute_command             = false

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.deployment.private_subnet_ids
    security_groups  = [each.key == "dashboard" ? var.deployment.security_group_ids["dashboard"] : var.deployment.security_group_ids["services"]]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = each.key == "dashboard" ? ["dashboard"] : []

    content {
      target_group_arn = aws_lb_target_group.dashboard.arn
      container_name   = "dashboard"
      container_port   = 8501
    }
  }

  dynamic "service_registries" {
    for_each = contains(keys(aws_service_discovery_service.this), each.key) ? [each.key] : []

    content {
      registry_arn = aws_service_discovery_service.this[service_registries.value].arn
    }
  }

  depends_on = [aws_lb_listener.https]
}
