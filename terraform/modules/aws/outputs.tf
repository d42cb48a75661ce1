locals {
  url         = "s3://${aws_s3_bucket.this.bucket}/${var.prefix}"
  annotations = var.identity == "irsa" ? { "eks.amazonaws.com/role-arn" = aws_iam_role.this.arn } : {}
}

output "chart_values" {
  description = "Values of the chart: hand them to `helm_release` as `yamlencode(module.NAME.chart_values)`."
  value = {
    objectStore    = { url = local.url, region = aws_s3_bucket.this.region }
    serviceAccount = { create = true, name = var.service_account, annotations = local.annotations }
    broker         = { podLabels = {}, extraEnv = [] }
  }
}

output "object_store_url" {
  description = "The chart's `objectStore.url`."
  value       = local.url
}

output "region" {
  description = "The chart's `objectStore.region`."
  value       = aws_s3_bucket.this.region
}

output "service_account_name" {
  description = "The chart's `serviceAccount.name`."
  value       = var.service_account
}

output "service_account_annotations" {
  description = "The chart's `serviceAccount.annotations`; empty for pod identity, which needs none."
  value       = local.annotations
}

output "role_arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}
