# From an existing GKE cluster to a running Esker.

provider "google" {
  project = var.project
}

data "google_client_config" "this" {}

data "google_container_cluster" "this" {
  name     = var.cluster_name
  location = var.location

  lifecycle {
    postcondition {
      condition     = length(self.workload_identity_config) > 0
      error_message = "The cluster has no Workload Identity Federation: gcloud container clusters update NAME --workload-pool=PROJECT.svc.id.goog"
    }
  }
}

provider "helm" {
  kubernetes = {
    host                   = "https://${data.google_container_cluster.this.endpoint}"
    cluster_ca_certificate = base64decode(data.google_container_cluster.this.master_auth[0].cluster_ca_certificate)
    token                  = data.google_client_config.this.access_token
  }
}

module "esker" {
  source = "../../modules/gcp"

  project       = var.project
  location      = var.bucket_location
  bucket_name   = var.bucket_name
  workload_pool = data.google_container_cluster.this.workload_identity_config[0].workload_pool
  namespace     = var.namespace
}

resource "helm_release" "esker" {
  name             = "esker"
  namespace        = var.namespace
  create_namespace = true
  chart            = "${path.module}/../../../helm/esker"

  # Until brokers are ready: three pods, an etcd of three, their volumes.
  wait    = true
  timeout = 900

  values = [
    yamlencode(module.esker.chart_values),
    yamlencode({
      image  = var.image
      broker = { replicas = var.replicas }
      etcd   = { bundled = { enabled = true, image = { repository = var.etcd_image } } }
    }),
    var.values,
  ]

  # A broker that may not use its bucket yet would only start again and again.
  depends_on = [module.esker]
}
