variable "name" {
  description = "The deployment, such as ticklake-prod: the first part of every name."
  type        = string
}

variable "kind" {
  description = "msk: MSK Serverless with IAM; ec2: instances of our own with SCRAM."
  type        = string

  validation {
    condition     = contains(["msk", "ec2"], var.kind)
    error_message = "msk or ec2."
  }
}

variable "partition" {
  description = "AWS partition, such as aws."
  type        = string
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one for each zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the brokers."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the disks and of the secrets."
  type        = string
}

variable "nodes" {
  description = "Instances: 1 or 3. One has no second copy of what is in flight; the lake does not mind, the last days of the topic do."
  type        = number

  validation {
    condition     = contains([1, 3], var.nodes)
    error_message = "1 or 3: two have no majority when one is away."
  }
}

variable "instance_type" {
  description = "Of the instances, x86-64."
  type        = string
}

variable "heap" {
  description = "Memory of the broker's JVM, such as 1g."
  type        = string
}

variable "disk_gb" {
  description = "Disk of an instance: seven days of ticks and a third more."
  type        = number
}

variable "node_secret_arns" {
  description = "The nodes' secrets, by node number; of instances only."
  type        = map(string)
}
