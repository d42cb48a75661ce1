variable "resource_group_name" {
  description = "An existing resource group, for everything that is created."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$", var.resource_group_name))
    error_message = "resource_group_name: 1 to 90 letters, digits and _()-. with no dot at the end."
  }
}

variable "location" {
  description = "The Azure region: that of the cluster, `germanywestcentral`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{3,39}$", var.location))
    error_message = "location: the short name of a region, for example germanywestcentral."
  }
}

variable "storage_account_name" {
  description = "Name of the storage account to create, unique in the world."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.storage_account_name))
    error_message = "storage_account_name: 3 to 24 small letters and digits."
  }
}

variable "container_name" {
  description = "Name of the container to create."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9]){2,62}$", var.container_name)) && length(var.container_name) <= 63
    error_message = "container_name: 3 to 63 small letters, digits and single hyphens, no hyphen at either end."
  }
}

variable "prefix" {
  description = "Where in the container the cluster keeps its objects."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", var.prefix))
    error_message = "prefix: letters, digits, _ and -, in parts with a / between them and none at the ends."
  }
}

variable "name" {
  description = "Name of the managed identity; the role is called the same, with the name of the storage account."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{2,63}$", var.name))
    error_message = "name: 3 to 64 letters, digits, _ and hyphens, a letter or digit first."
  }
}

variable "oidc_issuer_url" {
  description = "Issuer of the cluster's service account tokens: `oidc_issuer_url` of the AKS cluster, which must have it enabled."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[A-Za-z0-9./_-]+$", var.oidc_issuer_url))
    error_message = "oidc_issuer_url: an https:// address; is the cluster's OIDC issuer enabled?"
  }
}

variable "role_definition_id" {
  description = "A role with the data actions of data-actions.json; null to make one, which takes the right to define roles."
  type        = string
  default     = null

  validation {
    condition     = var.role_definition_id == null || can(regex("/providers/Microsoft\\.Authorization/roleDefinitions/[0-9a-f-]{36}$", var.role_definition_id))
    error_message = "role_definition_id: .../providers/Microsoft.Authorization/roleDefinitions/UUID."
  }
}

variable "namespace" {
  description = "Kubernetes namespace of the release."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace: 1 to 63 small letters, digits and hyphens, no hyphen at either end."
  }
}

variable "service_account" {
  description = "Kubernetes service account of the brokers. The chart makes it."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.service_account))
    error_message = "service_account: 1 to 63 small letters, digits and hyphens, no hyphen at either end."
  }
}

variable "replication_type" {
  description = "Copies that Azure keeps: LRS (one building), ZRS (three zones), GZRS or GRS (and another region)."
  type        = string
  default     = "ZRS"
  nullable    = false

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "GZRS"], var.replication_type)
    error_message = "replication_type: LRS, ZRS, GRS or GZRS."
  }
}

variable "subnet_ids" {
  description = "Subnets that may reach the account, those of the cluster's nodes with the service endpoint Microsoft.Storage; empty for every network."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.subnet_ids : can(regex("/providers/Microsoft\\.Network/virtualNetworks/[^/]+/subnets/[^/]+$", id))])
    error_message = "subnet_ids: .../providers/Microsoft.Network/virtualNetworks/NAME/subnets/NAME."
  }
}

variable "versioning" {
  description = "Keep blobs that were deleted or overwritten for `noncurrent_days`: what a mistake deletes can be taken back."
  type        = bool
  default     = true
  nullable    = false
}

variable "noncurrent_days" {
  description = "Days that deleted blobs are kept with `versioning`. They are paid for."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 1 && var.noncurrent_days <= 365 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "noncurrent_days: a whole number from 1 to 365."
  }
}

variable "tags" {
  description = "Tags of everything that takes them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 50 && alltrue([for key, value in var.tags : length(key) >= 1 && length(key) <= 128 && length(value) <= 256])
    error_message = "tags: at most 50, keys of 1 to 128 characters, values of at most 256."
  }
}
