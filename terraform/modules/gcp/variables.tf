variable "project" {
  description = "Id of the project that everything is in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project: the id of a project, 6 to 30 small letters, digits and hyphens, a letter first."
  }
}

variable "location" {
  description = "Where the bucket is: the region of the cluster (`europe-west3`), or a dual region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{1,39}$", var.location))
    error_message = "location: a region or a dual region, for example europe-west3."
  }
}

variable "bucket_name" {
  description = "Name of the bucket to create, unique in the world. Nothing else should keep its data there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.bucket_name)) && !startswith(var.bucket_name, "goog")
    error_message = "bucket_name: 3 to 63 small letters, digits, _ and hyphens, a letter or digit at both ends, not goog first."
  }
}

variable "prefix" {
  description = "Where in the bucket the cluster keeps its objects."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", var.prefix))
    error_message = "prefix: letters, digits, _ and -, in parts with a / between them and none at the ends."
  }
}

variable "account_id" {
  description = "Id of the Google service account to create."
  type        = string
  default     = "esker-brokers"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.account_id))
    error_message = "account_id: 6 to 30 small letters, digits and hyphens, a letter first."
  }
}

variable "role" {
  description = "A role with the four permissions of permissions.json, `projects/PROJECT/roles/ID`; null to make one of them, `role_id`."
  type        = string
  default     = null

  validation {
    condition     = var.role == null || can(regex("^((projects|organizations)/[^/]+/)?roles/[A-Za-z0-9_.]+$", var.role))
    error_message = "role: projects/PROJECT/roles/ID, organizations/NUMBER/roles/ID, or roles/storage.objectUser, which allows more."
  }
}

variable "role_id" {
  description = "Id of the role to make, unique in the project. Google keeps a deleted one for weeks, and its id with it."
  type        = string
  default     = "eskerObjects"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.]{3,64}$", var.role_id))
    error_message = "role_id: 3 to 64 letters, digits, _ and dots."
  }
}

variable "workload_pool" {
  description = "The cluster's workload identity pool; null for PROJECT.svc.id.goog. Another one when the cluster is in another project."
  type        = string
  default     = null

  validation {
    condition     = var.workload_pool == null || can(regex("^[a-z0-9.:-]+\\.svc\\.id\\.goog$", var.workload_pool))
    error_message = "workload_pool: PROJECT.svc.id.goog."
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

variable "kms_key_name" {
  description = "Cloud KMS key that encrypts objects; null for Google's own. Cloud Storage's service agent must be allowed to use it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name: projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY."
  }
}

variable "versioning" {
  description = "Keep objects that were deleted or overwritten for `noncurrent_days`: what a mistake deletes can be taken back."
  type        = bool
  default     = true
  nullable    = false
}

variable "noncurrent_days" {
  description = "Days that deleted objects are kept with `versioning`. They are paid for."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 1 && var.noncurrent_days <= 3650 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "noncurrent_days: a whole number from 1 to 3650."
  }
}

variable "soft_delete_days" {
  description = "Days that Google keeps what is gone for good, 7 to 90, or 0 for none: with `versioning` the second net, paid for again."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90 && floor(var.soft_delete_days) == var.soft_delete_days)
    error_message = "soft_delete_days: 0, or a whole number from 7 to 90."
  }
}

variable "abort_incomplete_upload_days" {
  description = "Days after which multipart uploads that were not finished are removed. Brokers start none; other tools may."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.abort_incomplete_upload_days >= 1 && var.abort_incomplete_upload_days <= 365 && floor(var.abort_incomplete_upload_days) == var.abort_incomplete_upload_days
    error_message = "abort_incomplete_upload_days: a whole number from 1 to 365."
  }
}

variable "force_destroy" {
  description = "Let `destroy` delete the bucket with everything in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "labels" {
  description = "Labels of the bucket."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels: at most 63 small letters, digits, _ and hyphens; keys begin with a letter."
  }
}
