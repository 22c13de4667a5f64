# The first container of a task: it writes the secrets that ECS hands it to files that the service's user alone may read, and ends. The
# service's own environment never holds one.

output "container" {
  description = "The container's definition; the task has a volume named files."
  value = {
    name                   = "files"
    image                  = var.image
    entryPoint             = ["python", "-c", file("${path.module}/write.py")]
    command                = [var.folder]
    essential              = false
    user                   = var.user
    readonlyRootFilesystem = true
    environment            = [{ name = "FILES", value = join(",", keys(var.secrets)) }]
    secrets                = [for file, arn in var.secrets : { name = file, valueFrom = arn }]
    mountPoints            = [{ sourceVolume = "files", containerPath = var.folder, readOnly = false }]
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    logConfiguration       = var.log
  }
}
