# MSK Serverless: nobody's machines, IAM as the only way in, billed by hour, partition and gigabyte.

resource "aws_msk_serverless_cluster" "this" {
  count = var.kind == "msk" ? 1 : 0

  cluster_name = var.name

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }

  client_authentication {
    sasl {
      iam {
        enabled = true
      }
    }
  }
}
