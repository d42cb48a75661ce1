locals {
  url         = "gs://${google_storage_bucket.this.name}/${var.prefix}"
  annotations = { "iam.gke.io/gcp-service-account" = google_service_account.this.email }
}

output "chart_values" {
  description = "Values of the chart: hand them to `helm_release` as `yamlencode(module.NAME.chart_values)`."
  value = {
    objectStore    = { url = local.url }
    serviceAccount = { create = true, name = var.service_account, annotations = local.annotations }
    broker         = { podLabels = {}, extraEnv = [] }
  }
}

output "object_store_url" {
  description = "The chart's `objectStore.url`."
  value       = local.url
}

output "service_account_name" {
  description = "The chart's `serviceAccount.name`."
  value       = var.service_account
}

output "service_account_annotations" {
  description = "The chart's `serviceAccount.annotations`."
  value       = local.annotations
}

output "service_account_email" {
  description = "The Google service account."
  value       = google_service_account.this.email
}

output "bucket" {
  description = "Name of the bucket."
  value       = google_storage_bucket.this.name
}
