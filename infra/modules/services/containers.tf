# Each task has a first container that hands it its secrets as files, and ends; the service; and a collector beside it. None is root,
# none can write to its own root file system.

locals {
  images = { for name, task in local.tasks : name => "${aws_ecr_repository.this[task.image].repository_url}:${var.image_tag}" }

  log = { for name in keys(local.tasks) : name => {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.this[name].name
      awslogs-region        = var.deployment.region
      awslogs-stream-prefix = name
    }
  } }
}

module "files" {
  source   = "../secret_files"
  for_each = local.tasks

  image   = local.images[each.key]
  user    = var.deployment.user
  folder  = local.files
  secrets = { for file, secret in local.secrets[each.key] : file => var.deployment.secret_arns[secret] }
  log     = local.log[each.key]
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.tasks

  family                   = "${var.deployment.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.sizes[each.key].cpu
  memory                   = var.sizes[each.key].memory
  task_role_arn            = var.role_arns[each.key]
  execution_role_arn       = var.execution_role_arns[each.key]

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # The images give both folders to their user.
  volume {
    name = "home"
  }

  volume {
    name = "files"
  }

  container_definitions = jsonencode(concat(
    [
      module.files[each.key].container,
      {
        name                   = each.key
        image                  = local.images[each.key]
        command                = each.value.command
        essential              = true
        user                   = var.deployment.user
        readonlyRootFilesystem = true
        stopTimeout            = 60
        dependsOn              = [{ containerName = "files", condition = "SUCCESS" }]
        environment            = [for name, value in merge(var.deployment.settings, local.settings, local.kafka_settings[each.key], local.warehouse_settings[each.key], each.value.settings) : { name = name, value = value } if value != null]
        portMappings           = each.key == "dashboard" ? [{ containerPort = 8501, hostPort = 8501, protocol = "tcp" }] : []
        mountPoints            = [{ sourceVolume = "home", containerPath = local.home, readOnly = false }, { sourceVolume = "files", containerPath = local.files, readOnly = true }]
        linuxParameters        = { capabilities = { drop = ["ALL"] }, initProcessEnabled = true }
        logConfiguration       = local.log[each.key]
        healthCheck = each.value.health == null ? null : {
          command     = ["CMD", "python", "-c", "import urllib.request; urllib.request.urlopen('${each.value.health}', timeout=4)"]
          interval    = 15
          timeout     = 5
          retries     = 4
          startPeriod = 120
        }
      },
    ],
    each.value.metrics == null ? [] : [
      {
        name                   = "metrics"
        image                  = var.collector_image
        essential              = false
        user                   = "65534:65534"
        readonlyRootFilesystem = true
        memory                 = 128
        environment            = [{ name = "AOT_CONFIG_CONTENT", value = local.collectors[each.key] }]
        linuxParameters        = { capabilities = { drop = ["ALL"] } }
        logConfiguration       = local.log[each.key]
      },
    ]
  ))
}
