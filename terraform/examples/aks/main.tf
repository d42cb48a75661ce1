# From an existing AKS cluster to a running Esker.

provider "azurerm" {
  subscription_id = var.subscription_id
  # The storage account knows no keys.
  storage_use_azuread = true

  features {}
}

data "azurerm_kubernetes_cluster" "this" {
  name                = var.cluster_name
  resource_group_name = var.resource_group_name

  lifecycle {
    postcondition {
      condition     = self.oidc_issuer_enabled
      error_message = "The cluster has no OIDC issuer: az aks update --enable-oidc-issuer --enable-workload-identity"
    }
  }
}

# With local accounts, which a cluster has unless they were turned off; without, `exec` with kubelogin in place of the certificate.
provider "helm" {
  kubernetes = {
    host                   = data.azurerm_kubernetes_cluster.this.kube_config[0].host
    client_certificate     = base64decode(data.azurerm_kubernetes_cluster.this.kube_config[0].client_certificate)
    client_key             = base64decode(data.azurerm_kubernetes_cluster.this.kube_config[0].client_key)
    cluster_ca_certificate = base64decode(data.azurerm_kubernetes_cluster.this.kube_config[0].cluster_ca_certificate)
  }
}

module "esker" {
  source = "../../modules/azure"

  resource_group_name  = var.resource_group_name
  location             = data.azurerm_kubernetes_cluster.this.location
  storage_account_name = var.storage_account_name
  oidc_issuer_url      = data.azurerm_kubernetes_cluster.this.oidc_issuer_url
  namespace            = var.namespace
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
