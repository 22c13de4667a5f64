# Who may speak to whom. A rule names a group, not addresses; only the load balancer is open to addresses, and to those alone that
# may look at the dashboard. EC2 takes no apostrophe in a description.

locals {
  groups = {
    balancer  = "Takes people to the dashboard"
    services  = "Producer, consumer, alerts"
    dashboard = "Pages of the dashboard"
    airflow   = "Airflow"
    brokers   = "Kafka"
    endpoints = "Services of AWS inside the network"
  }
  clients = toset(["services", "dashboard", "airflow"])

  # Each is a way out of one group and the way into another. MWAA's parts speak to each other by any port, and so do the tasks of our
  # own Airflow and its database.
  flows = {
    balancer-dashboard = { from = "balancer", to = "dashboard", ports = [8501, 8501], text = "Pages of the dashboard and their health" }
    balancer-airflow   = { from = "balancer", to = "airflow", ports = [8080, 8080], text = "Pages of Airflow and their health" }
    dashboard-producer = { from = "dashboard", to = "services", ports = [9101, 9101], text = "What the sources do" }
    airflow-producer   = { from = "airflow", to = "services", ports = [9101, 9101], text = "What the sources do" }
    services-producer  = { from = "services", to = "services", ports = [9101, 9101], text = "What the sources do, for the operator" }
    airflow-dashboard  = { from = "airflow", to = "dashboard", ports = [9104, 9104], text = "How late pages are" }
    services-brokers   = { from = "services", to = "brokers", ports = [var.kafka_port, var.kafka_port], text = "Kafka" }
    dashboard-brokers  = { from = "dashboard", to = "brokers", ports = [var.kafka_port, var.kafka_port], text = "Kafka" }
    airflow-brokers    = { from = "airflow", to = "brokers", ports = [var.kafka_port, var.kafka_port], text = "Kafka" }
    brokers-brokers    = { from = "brokers", to = "brokers", ports = [9092, 9094], text = "Brokers and controllers among themselves" }
    airflow-airflow    = { from = "airflow", to = "airflow", ports = null, text = "Parts of Airflow among themselves" }
  }
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:the other modules attach them
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "people" {
  for_each = var.dashboard_cidrs

  security_group_id = aws_security_group.this["balancer"].id
  description       = "People, by TLS"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# The monitor in Airflow asks the dashboard how fast it answers, by its public address.
resource "aws_vpc_security_group_ingress_rule" "ourselves" {
  for_each = aws_eip.nat

  security_group_id = aws_security_group.this["balancer"].id
  description       = "Our own monitor, by TLS"
  cidr_ipv4         = "${each.value.public_ip}/32"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "flow" {
  for_each = local.flows

  security_group_id            = aws_security_group.this[each.value.to].id
  description                  = each.value.text
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  ip_protocol                  = each.value.ports == null ? "-1" : "tcp"
  from_port                    = try(each.value.ports[0], null)
  to_port                      = try(each.value.ports[1], null)
}

resource "aws_vpc_security_group_egress_rule" "flow" {
  for_each = local.flows

  security_group_id            = aws_security_group.this[each.value.from].id
  description                  = each.value.text
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  ip_protocol                  = each.value.ports == null ? "-1" : "tcp"
  from_port                    = try(each.value.ports[0], null)
  to_port                      = try(each.value.ports[1], null)
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = setunion(local.clients, ["brokers"])

  security_group_id            = aws_security_group.this["endpoints"].id
  description                  = "Services of AWS, by TLS"
  referenced_security_group_id = aws_security_group.this[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# Snowflake, the sources and AWS have no fixed addresses, so the way out is by port, not by address.
resource "aws_vpc_security_group_egress_rule" "tls" {
  for_each = setunion(local.clients, ["brokers"], var.balancer_signs_in ? ["balancer"] : [])

  security_group_id = aws_security_group.this[each.key].id
  description       = "Snowflake, sources and AWS, by TLS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
