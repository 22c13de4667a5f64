# Who may speak to whom. A rule names a group, not addresses; only the load balancer is open to addresses, and to those alone that
# may look at the dashboard.

locals {
  groups = {
    balancer  = "Takes people to the dashboard"
    services  = "Producer, consumer, alerts"
    dashboard = "The dashboard's pages"
    airflow   = "Airflow"
    brokers   = "Kafka"
    endpoints = "AWS's services inside the network"
  }
  clients = toset(["services", "dashboard", "airflow"])
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

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.this["balancer"].id
  description                  = "The dashboard's pages and their health"
  referenced_security_group_id = aws_security_group.this["dashboard"].id
  ip_protocol                  = "tcp"
  from_port                    = 8501
  to_port                      = 8501
}

resource "aws_vpc_security_group_ingress_rule" "dashboard" {
  security_group_id            = aws_security_group.this["dashboard"].id
  description                  = "The load balancer"
  referenced_security_group_id = aws_security_group.this["balancer"].id
  ip_protocol                  = "tcp"
  from_port                    = 8501
  to_port                      = 8501
}

resource "aws_vpc_security_group_egress_rule" "balancer_to_airflow" {
  security_group_id            = aws_security_group.this["balancer"].id
  description                  = "Airflow's pages and their health"
  referenced_security_group_id = aws_security_group.this["airflow"].id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_ingress_rule" "airflow" {
  security_group_id            = aws_security_group.this["airflow"].id
  description                  = "The load balancer"
  referenced_security_group_id = aws_security_group.this["balancer"].id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_ingress_rule" "brokers" {
  for_each = local.clients

  security_group_id            = aws_security_group.this["brokers"].id
  description                  = "Kafka's clients"
  referenced_security_group_id = aws_security_group.this[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = var.kafka_port
  to_port                      = var.kafka_port
}

resource "aws_vpc_security_group_ingress_rule" "between_brokers" {
  security_group_id            = aws_security_group.this["brokers"].id
  description                  = "Brokers and controllers among themselves"
  referenced_security_group_id = aws_security_group.this["brokers"].id
  ip_protocol                  = "tcp"
  from_port                    = 9092
  to_port                      = 9094
}

# MWAA's parts speak to each other, and so do the tasks of our own Airflow and its database.
resource "aws_vpc_security_group_ingress_rule" "between_airflow" {
  security_group_id            = aws_security_group.this["airflow"].id
  description                  = "Airflow's parts among themselves"
  referenced_security_group_id = aws_security_group.this["airflow"].id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = setunion(local.clients, ["brokers"])

  security_group_id            = aws_security_group.this["endpoints"].id
  description                  = "AWS's services, by TLS"
  referenced_security_group_id = aws_security_group.this[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# Snowflake and the sources have no fixed addresses, so the way out is by port, not by address.
resource "aws_vpc_security_group_egress_rule" "tls" {
  for_each = setunion(local.clients, ["brokers"])

  security_group_id = aws_security_group.this[each.key].id
  description       = "Snowflake, sources and AWS, by TLS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "kafka" {
  for_each = local.clients

  security_group_id            = aws_security_group.this[each.key].id
  description                  = "Kafka"
  referenced_security_group_id = aws_security_group.this["brokers"].id
  ip_protocol                  = "tcp"
  from_port                    = var.kafka_port
  to_port                      = var.kafka_port
}

resource "aws_vpc_security_group_egress_rule" "between_brokers" {
  security_group_id            = aws_security_group.this["brokers"].id
  description                  = "Brokers and controllers among themselves"
  referenced_security_group_id = aws_security_group.this["brokers"].id
  ip_protocol                  = "tcp"
  from_port                    = 9092
  to_port                      = 9094
}

resource "aws_vpc_security_group_egress_rule" "airflow" {
  security_group_id            = aws_security_group.this["airflow"].id
  description                  = "Airflow's parts among themselves"
  referenced_security_group_id = aws_security_group.this["airflow"].id
  ip_protocol                  = "-1"
}
