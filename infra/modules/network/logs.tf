# Who spoke to whom, for the day on which somebody asks.

resource "aws_flow_log" "this" {
  vpc_id               = aws_vpc.this.id
  traffic_type         = "REJECT"
  log_destination_type = "s3"
  log_destination      = "${var.logs_bucket_arn}/flow/"
  tags                 = { Name = var.name }
}
