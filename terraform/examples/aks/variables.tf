variable "subscription_id" {
  description = "Id of the subscription of everything here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id: a UUID."
  }
}

variable "cluster_name" {
  description = "The existing AKS cluster, with the OIDC issuer and workload identity enabled."
  type        = string
  nullable    = false
}

variable "resource_group_name" {
  description = "Resource group of the cluster; the storage account and the identity go there too."
  type        = string
  nullable    = false
}

variable "storage_account_name" {
  description = "Name of the storage account to create, unique in the world."
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
