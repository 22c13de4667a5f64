# Names inside the network for what others ask of a service: the producer what its sources do, the dashboard how late its pages are.

locals {
  statuses = { for name, port in { producer = 9101, dashboard = 9104 } : name => "http://${name}.${aws_service_discovery_private_dns_namespace.this.name}:${port}/status" }
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "services.${var.deployment.name}.internal"
  description = "Services of ${var.deployment.name} that others ask"
  vpc         = var.deployment.vpc_id
}

resource "aws_service_discovery_service" "this" {
  for_each = toset(["producer", "dashboard"])

  name        = each.key
  description = "Tasks of ${each.key}"

  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.this.id

    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}
