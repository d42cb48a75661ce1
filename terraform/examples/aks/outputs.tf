output "bootstrap" {
  description = "What clients in the cluster are given as bootstrap server."
  value       = "${helm_release.esker.name}.${var.namespace}.svc:9092"
}

output "object_store_url" {
  description = "Where the data is."
  value       = module.esker.object_store_url
}
