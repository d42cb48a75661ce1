locals {
  url         = "az://${azurerm_storage_container.this.name}/${var.prefix}"
  annotations = { "azure.workload.identity/client-id" = azurerm_user_assigned_identity.this.client_id }
  pod_labels  = { "azure.workload.identity/use" = "true" }
  extra_env   = [{ name = "AZURE_STORAGE_ACCOUNT_NAME", value = azurerm_storage_account.this.name }]
}

output "chart_values" {
  description = "Values of the chart: hand them to `helm_release` as `yamlencode(module.NAME.chart_values)`."
  value = {
    objectStore    = { url = local.url }
    serviceAccount = { create = true, name = var.service_account, annotations = local.annotations }
    broker         = { podLabels = local.pod_labels, extraEnv = local.extra_env }
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

output "pod_labels" {
  description = "The chart's `broker.podLabels`: the webhook of workload identity gives a token to pods that have it."
  value       = local.pod_labels
}

output "extra_env" {
  description = "The chart's `broker.extraEnv`: which storage account the container is in."
  value       = local.extra_env
}

output "client_id" {
  description = "Client id of the managed identity."
  value       = azurerm_user_assigned_identity.this.client_id
}
