output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Where everything runs, in the order of the zones."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
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
