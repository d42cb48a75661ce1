locals {
  bucket_arn = aws_s3_bucket.this.arn
  # The issuer, as conditions name it: the ARN without what is before it.
  issuer = var.oidc_provider_arn == null ? "" : replace(var.oidc_provider_arn, "/^arn:[^:]+:iam::[0-9]+:oidc-provider\\//", "")

  # What brokers and `esker archive` need, and no more: a test runs both on an endpoint that writes down what they use.
  actions = jsondecode(file("${path.module}/actions.json"))

  trust = {
    pod_identity = {
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      # The association says the same, but others can make one; tags come from EKS.
      Condition = {
        StringEquals = {
          "aws:RequestTag/eks-cluster-name"           = coalesce(var.cluster_name, "none")
          "aws:RequestTag/kubernetes-namespace"       = var.namespace
          "aws:RequestTag/kubernetes-service-account" = var.service_account
        }
      }
    }
    irsa = {
      Effect    = "Allow"
      Principal = { Federated = coalesce(var.oidc_provider_arn, "none") }
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
        }
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Brokers of Esker: objects of ${var.bucket_name}/${var.prefix}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for kind, statement in local.trust : statement if kind == var.identity]
  })
}

resource "aws_iam_role_policy" "objects" {
  name = var.name
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Objects"
          Effect   = "Allow"
          Action   = local.actions.objects
          Resource = "${local.bucket_arn}/${var.prefix}/*"
        },
        # For the whole bucket: with a condition on the prefix, reading an object that is gone would be answered with
        # "forbidden" in place of "not found", and brokers must know which.
        {
          Sid      = "List"
          Effect   = "Allow"
          Action   = local.actions.bucket
          Resource = local.bucket_arn
        },
      ],
      [
        for key in var.kms_key_arn == null ? [] : [var.kms_key_arn] : {
          Sid      = "Key"
          Effect   = "Allow"
          Action   = local.actions.key
          Resource = key
        }
      ],
    )
  })
}

resource "aws_eks_pod_identity_association" "this" {
  count = var.identity == "pod_identity" ? 1 : 0

  cluster_name    = var.cluster_name
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.this.arn
  tags            = var.tags
}
