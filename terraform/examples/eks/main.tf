# From an existing EKS cluster to a running Esker.

provider "aws" {
  region = var.region
}

data "aws_eks_cluster" "this" {
  name = var.cluster_name
}

provider "helm" {
  kubernetes = {
    host                   = data.aws_eks_cluster.this.endpoint
    cluster_ca_certificate = base64decode(data.aws_eks_cluster.this.certificate_authority[0].data)
    exec = {
      api_version = "client.authentication.k8s.io/v1"
      command     = "aws"
      args        = ["eks", "get-token", "--cluster-name", var.cluster_name, "--region", var.region]
    }
  }
}

module "esker" {
  source = "../../modules/aws"

  bucket_name  = var.bucket_name
  cluster_name = data.aws_eks_cluster.this.name
  namespace    = var.namespace
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
