output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

# What starts in a subnet asks for the internet at once, so the way there must stand first.
output "private_subnet_ids" {
  description = "Where everything runs, in the order of the zones."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]

  depends_on = [
    aws_route.nat,
    aws_route.out,
    aws_route_table_association.private,
    aws_route_table_association.public,
    aws_vpc_security_group_egress_rule.tls,
  ]
}

output "public_subnet_ids" {
  description = "Where the load balancer stands, in the order of the zones."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "security_group_ids" {
  description = "Security groups by name: balancer, services, dashboard, airflow, brokers, endpoints."
  value       = { for name, group in aws_security_group.this : name => group.id }
}

output "egress_ips" {
  description = "The addresses by which Snowflake and the sources see us."
  value       = [for address in aws_eip.nat : address.public_ip]
}
