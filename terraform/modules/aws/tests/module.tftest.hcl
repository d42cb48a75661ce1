# `tofu test` (or `terraform test`): nothing is created, the provider is mocked.

mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = {
      id     = "queue-objects"
      arn    = "arn:aws:s3:::queue-objects"
      region = "eu-central-1"
    }
  }
  mock_resource "aws_iam_role" {
    defaults = {
      id  = "esker"
      arn = "arn:aws:iam::123456789012:role/esker"
    }
  }
}

variables {
  bucket_name  = "queue-objects"
  cluster_name = "production"
}

run "pod_identity" {
  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "pods.eks.amazonaws.com" }
    error_message = "EKS assumes the role."
  }
  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals == {
      "aws:RequestTag/eks-cluster-name"           = "production"
      "aws:RequestTag/kubernetes-namespace"       = "esker"
      "aws:RequestTag/kubernetes-service-account" = "esker"
    }
    error_message = "Only for one service account of one cluster."
  }
  assert {
    condition     = length(aws_eks_pod_identity_association.this) == 1 && aws_eks_pod_identity_association.this[0].role_arn == aws_iam_role.this.arn
    error_message = "The service account is associated with the role."
  }
  assert {
    condition     = length(output.service_account_annotations) == 0
    error_message = "Pod identity needs no annotation."
  }
  assert {
    condition     = output.chart_values.objectStore == { url = "s3://queue-objects/esker", region = "eu-central-1" }
    error_message = "The chart gets the bucket, the prefix and the region."
  }
}

run "irsa" {
  variables {
    identity          = "irsa"
    cluster_name      = null
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/AB12"
    namespace         = "queues"
    service_account   = "brokers"
  }
  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/AB12" }
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Condition = { StringEquals = {
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12:aud" = "sts.amazonaws.com"
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12:sub" = "system:serviceaccount:queues:brokers"
      } }
    }]
    error_message = "Only the service account's own token opens the role."
  }
  assert {
    condition     = length(aws_eks_pod_identity_association.this) == 0
    error_message = "No association."
  }
  assert {
    condition     = output.chart_values.serviceAccount.name == "brokers" && output.chart_values.serviceAccount.annotations["eks.amazonaws.com/role-arn"] == "arn:aws:iam::123456789012:role/esker"
    error_message = "The service account names the role."
  }
}

run "least_privilege" {
  variables {
    prefix = "clusters/one"
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.objects.policy).Statement == [
      { Sid = "Objects", Effect = "Allow", Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource = "arn:aws:s3:::queue-objects/clusters/one/*" },
      { Sid = "List", Effect = "Allow", Action = ["s3:ListBucket"], Resource = "arn:aws:s3:::queue-objects" },
    ]
    error_message = "Objects below the prefix, the list, and nothing else."
  }
}

run "key" {
  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.objects.policy).Statement[2] == { Sid = "Key", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arn }
    error_message = "The key may be used, and no other."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "Objects are encrypted with it."
  }
}

run "bucket" {
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "No public access."
  }
  assert {
    condition     = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Effect] == ["Deny", "Deny"]
    error_message = "The bucket's own policy only denies."
  }
  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "Plain HTTP is denied."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Objects are encrypted."
  }
  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "Versions are kept by default."
  }
  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : alltrue([for e in rule.expiration : e.days == null && e.date == null])])
    error_message = "Nothing expires objects that are there."
  }
  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : try(rule.abort_incomplete_multipart_upload[0].days_after_initiation == 1, false)])
    error_message = "Unfinished uploads go."
  }
}

run "without_versions" {
  variables {
    versioning = false
  }
  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Suspended"
    error_message = "No versions are kept."
  }
}

run "refused" {
  command = plan
  variables {
    name                         = "no spaces"
    bucket_name                  = "Capital"
    prefix                       = "/slash"
    namespace                    = "Esker"
    service_account              = "-"
    identity                     = "keys"
    permissions_boundary         = "none"
    kms_key_arn                  = "arn:aws:kms:eu-central-1:123456789012:alias/esker"
    noncurrent_days              = 0
    abort_incomplete_upload_days = 1.5
    tags                         = { "aws:x" = "y" }
  }
  expect_failures = [
    var.name, var.bucket_name, var.prefix, var.namespace, var.service_account, var.identity, var.permissions_boundary,
    var.kms_key_arn, var.noncurrent_days, var.abort_incomplete_upload_days, var.tags,
  ]
}

run "pod_identity_without_a_cluster" {
  command = plan
  variables {
    cluster_name = null
  }
  expect_failures = [var.cluster_name]
}

run "irsa_without_a_provider" {
  command = plan
  variables {
    identity = "irsa"
  }
  expect_failures = [var.cluster_name, var.oidc_provider_arn]
}

run "not_a_provider" {
  command = plan
  variables {
    identity          = "irsa"
    cluster_name      = null
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/*"
  }
  expect_failures = [var.oidc_provider_arn]
}
