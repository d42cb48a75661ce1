variable "project" {
  description = "Id of the project of the cluster and of the bucket."
  type        = string
  nullable    = false
}

variable "location" {
  description = "The cluster's location: its region, or its zone."
  type        = string
  nullable    = false
}

variable "bucket_location" {
  description = "The bucket's location: the cluster's region."
  type        = string
  nullable    = false
}

variable "cluster_name" {
  description = "The existing GKE cluster, with Workload Identity Federation."
  type        = string
  nullable    = false
}

variable "bucket_name" {
  description = "Name of the bucket to create, unique in the world."
  type        = string
  nullable    = false
}

variable "namespace" {
  description = "Namespace of the release; created when missing."
  type        = string
  default     = "esker"
  nullable    = false
}

variable "image" {
  description = "Where you have Esker's image: repository and tag. None is published yet."
  type = object({
    repository = string
    tag        = string
  })
  nullable = false

  validation {
    condition     = length(var.image.repository) > 0 && length(var.image.tag) > 0
    error_message = "image: a repository and a tag."
  }
}

variable "etcd_image" {
  description = "Repository of etcd's official image, which its release notes name, or of your copy of it: for the etcd that the chart brings."
  type        = string
  nullable    = false
}

variable "replicas" {
  description = "Brokers."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.replicas >= 3 && var.replicas <= 100 && floor(var.replicas) == var.replicas
    error_message = "replicas: a whole number from 3 to 100."
  }
}

variable "values" {
  description = "Further values of the chart, as YAML; they win."
  type        = string
  default     = "{}"
  nullable    = false

  validation {
    condition     = can(keys(yamldecode(var.values)))
    error_message = "values: a YAML mapping."
  }
}
