# What docs/security.md says each service does with which topic and group, in MSK's words.

data "aws_iam_policy_document" "connect" {
  statement {
    sid       = "Connect"
    actions   = ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"]
    resources = [local.kafka]
  }
}

data "aws_iam_policy_document" "producer_kafka" {
  source_policy_documents = [data.aws_iam_policy_document.connect.json]

  statement {
    sid       = "Write"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = ["${local.topic}/${var.topics.ticks}"]
  }
}

data "aws_iam_policy_document" "consumer_kafka" {
  source_policy_documents = [data.aws_iam_policy_document.connect.json]

  statement {
    sid       = "Read"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
    resources = ["${local.topic}/${var.topics.ticks}"]
  }

  statement {
    sid       = "Group"
    actions   = ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"]
    resources = ["${local.group}/${var.groups.lake}"]
  }

  statement {
    sid       = "Write"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = ["${local.topic}/${var.topics.dead_letters}", "${local.topic}/${var.topics.landings}"]
  }
}

data "aws_iam_policy_document" "alerts_kafka" {
  source_policy_documents = [data.aws_iam_policy_document.connect.json]

  statement {
    sid     = "Read"
    actions = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
    resources = [
      "${local.topic}/${var.topics.ticks}",
      "${local.topic}/${var.topics.alerts}",
      "${local.topic}/${var.topics.alerts_state}",
      "${local.topic}/${var.topics.changes}",
    ]
  }

  statement {
    sid       = "Groups"
    actions   = ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"]
    resources = ["${local.group}/${var.groups.alerts}", "${local.group}/${var.groups.alerts}-inbox"]
  }

  statement {
    sid       = "Write"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = ["${local.topic}/${var.topics.alerts}", "${local.topic}/${var.topics.alerts_state}"]
  }
}

data "aws_iam_policy_document" "dashboard_kafka" {
  source_policy_documents = [data.aws_iam_policy_document.connect.json]

  statement {
    sid     = "Read"
    actions = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
    resources = [
      "${local.topic}/${var.topics.ticks}",
      "${local.topic}/${var.topics.landings}",
      "${local.topic}/${var.topics.changes}",
      "${local.topic}/${var.topics.alerts}",
    ]
  }

  statement {
    sid       = "TellOfChanges"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = ["${local.topic}/${var.topics.changes}"]
  }
}

data "aws_iam_policy_document" "airflow_kafka" {
  source_policy_documents = [data.aws_iam_policy_document.connect.json]

  statement {
    sid       = "HearOfLandings"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
    resources = ["${local.topic}/${var.topics.landings}"]
  }

  statement {
    sid       = "TellOfChanges"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = ["${local.topic}/${var.topics.changes}"]
  }

  statement {
    sid       = "MeasureLag"
    actions   = ["kafka-cluster:DescribeTopic"]
    resources = ["${local.topic}/${var.topics.ticks}"]
  }

  statement {
    sid       = "MeasureGroup"
    actions   = ["kafka-cluster:DescribeGroup"]
    resources = ["${local.group}/${var.groups.lake}"]
  }
}

# Who runs commands: topics are created, dead letters are read, sent again and noted as such, and who looks at the warehouse is told when
# it was made again.
data "aws_iam_policy_document" "operator_kafka" {
  source_policy_documents = [data.aws_iam_policy_document.connect.json]

  statement {
    sid       = "Look"
    actions   = ["kafka-cluster:DescribeCluster"]
    resources = [local.kafka]
  }

  statement {
    sid     = "Topics"
    actions = ["kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration"]
    resources = [
      "${local.topic}/${var.topics.ticks}",
      "${local.topic}/${var.topics.dead_letters}",
      "${local.topic}/${var.topics.landings}",
      "${local.topic}/${var.topics.changes}",
      "${local.topic}/${var.topics.alerts}",
      "${local.topic}/${var.topics.alerts_state}",
    ]
  }

  statement {
    sid       = "Read"
    actions   = ["kafka-cluster:ReadData"]
    resources = ["${local.topic}/${var.topics.ticks}", "${local.topic}/${var.topics.dead_letters}"]
  }

  statement {
    sid       = "SendAgain"
    actions   = ["kafka-cluster:WriteData"]
    resources = ["${local.topic}/${var.topics.ticks}", "${local.topic}/${var.topics.dead_letters}"]
  }

  statement {
    sid       = "TellOfChanges"
    actions   = ["kafka-cluster:WriteData"]
    resources = ["${local.topic}/${var.topics.changes}"]
  }

  statement {
    sid       = "MeasureGroup"
    actions   = ["kafka-cluster:DescribeGroup"]
    resources = ["${local.group}/${var.groups.lake}", "${local.group}/${var.groups.alerts}"]
  }
}
