variable "name" {
  description = "Name of the role; its policy is called the same."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.name))
    error_message = "name: 1 to 64 letters, digits or _+=,.@- are what a role can be called."
  }
}

variable "bucket_name" {
  description = "Name of the bucket to create, unique in the world. Nothing else should keep its data there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name: 3 to 63 small letters, digits and hyphens, no hyphen at either end. (Amazon allows dots; certificates do not.)"
  }
}

variable "prefix" {
  description = "Where in the bucket the cluster keeps its objects. The role reads and writes below it only."
  type        = string
  default     = "esker"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", var.prefix))
    error_message = "prefix: letters, digits, _ and -, in parts with a / between them and none at the ends."
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

variable "identity" {
  description = "How pods become the role: `pod_identity` (the cluster runs the EKS Pod Identity agent) or `irsa` (it has an OIDC provider in IAM)."
  type        = string
  default     = "pod_identity"
  nullable    = false

  validation {
    condition     = contains(["pod_identity", "irsa"], var.identity)
    error_message = "identity: pod_identity or irsa."
  }
}

variable "cluster_name" {
  description = "Name of the EKS cluster. With `identity = \"pod_identity\"` only."
  type        = string
  default     = null

  validation {
    condition     = (var.identity == "pod_identity") == (var.cluster_name != null)
    error_message = "cluster_name: needed with identity = \"pod_identity\", and only with it."
  }
  validation {
    condition     = var.cluster_name == null || can(regex("^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name: 1 to 100 letters, digits, _ and -, a letter or digit first."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the cluster's OIDC provider in IAM. With `identity = \"irsa\"` only."
  type        = string
  default     = null

  validation {
    condition     = (var.identity == "irsa") == (var.oidc_provider_arn != null)
    error_message = "oidc_provider_arn: needed with identity = \"irsa\", and only with it."
  }
  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[^*?]+$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn: arn:aws:iam::123456789012:oidc-provider/oidc.eks.REGION.amazonaws.com/id/..."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the role, where your account asks for one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary: the ARN of a policy, arn:aws:iam::123456789012:policy/NAME."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts objects; null for keys of Amazon's own (SSE-S3). The key's policy must let IAM grant its use."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a key, not of an alias: arn:aws:kms:REGION:123456789012:key/..."
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

variable "tags" {
  description = "Tags of the bucket and of the role."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.tags : length(key) >= 1 && length(key) <= 128 && length(value) <= 256 && !startswith(lower(key), "aws:")])
    error_message = "tags: keys of 1 to 128 characters that do not begin with aws:, values of at most 256."
  }
}
