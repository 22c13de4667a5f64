variable "image" {
  description = "An image of ours with its tag: it has Python."
  type        = string
}

variable "user" {
  description = "User and group that the service runs as, too."
  type        = string
}

variable "folder" {
  description = "Where the files are written."
  type        = string
}

variable "secrets" {
  description = "The secrets' ARNs by file."
  type        = map(string)
}

variable "log" {
  description = "How the container logs."
  type        = object({ logDriver = string, options = map(string) })
}
