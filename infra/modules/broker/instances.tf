# Kafka (KRaft) on instances of our own, the cheap way: infra/scripts/setup_kafka.sh does at the first start what it does anywhere.
# A node takes its certificate and the users' passwords from its secret and waits until somebody has set it. Amazon's own image has
# the agent of Session Manager and the AWS CLI, and its packages come by TLS, the only way out that a broker has.

locals {
  nodes     = { for number in range(1, var.kind == "ec2" ? var.nodes + 1 : 1) : tostring(number) => number }
  hosts     = [for number in range(1, var.nodes + 1) : "kafka-${number}.${local.domain}"]
  domain    = "${var.name}.internal"
  installer = file("${path.module}/../../scripts/setup_kafka.sh")
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_route53_zone" "this" {
  #checkov:skip=CKV2_AWS_38:a private zone is not signed
  #checkov:skip=CKV2_AWS_39:nobody but us asks a private zone, and it has one name for each node
  count = var.kind == "ec2" ? 1 : 0

  name = local.domain

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "node" {
  #checkov:skip=CKV2_AWS_23:it names the node's network interface
  for_each = local.nodes

  zone_id = aws_route53_zone.this[0].zone_id
  name    = local.hosts[each.value - 1]
  type    = "A"
  ttl     = 60
  records = [aws_network_interface.node[each.key].private_ip]
}

resource "aws_network_interface" "node" {
  for_each = local.nodes

  subnet_id       = var.subnet_ids[(each.value - 1) % length(var.subnet_ids)]
  security_groups = [var.security_group_id]
  tags            = { Name = "${var.name}-kafka-${each.key}" }
}

resource "aws_instance" "node" {
  #checkov:skip=CKV2_AWS_41:its role is attached by aws_iam_instance_profile.node
  for_each = local.nodes

  ami                  = data.aws_ssm_parameter.image.value
  instance_type        = var.instance_type
  iam_instance_profile = aws_iam_instance_profile.node[each.key].name
  ebs_optimized        = true
  monitoring           = true

  user_data_base64 = base64gzip(templatefile("${path.module}/node.sh.tftpl", {
    installer = local.installer
    nodes     = join(",", local.hosts)
    number    = each.key
    secret    = var.node_secret_arns[each.key]
    heap      = var.heap
  }))

  primary_network_interface {
    network_interface_id = aws_network_interface.node[each.key].id
  }

  root_block_device {
    encrypted   = true
    kms_key_id  = var.kms_key_arn
    volume_type = "gp3"
    volume_size = var.disk_gb
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  # A newer image or script must not throw a broker's data away: nodes are exchanged one by one, by hand.
  lifecycle {
    ignore_changes = [ami, user_data_base64]
  }

  tags = { Name = "${var.name}-kafka-${each.key}" }
}
