mock_provider "aws" {
  mock_data "aws_eks_cluster" {
    defaults = {
      endpoint              = "https://ABCD.gr7.eu-central-1.eks.amazonaws.com"
      certificate_authority = [{ data = "Y2VydGlmaWNhdGU=" }]
    }
  }
  mock_resource "aws_s3_bucket" {
    defaults = {
      id     = "queue-objects"
      arn    = "arn:aws:s3:::queue-objects"
      region = "eu-central-1"
    }
  }
}

mock_provider "helm" {}

variables {
  region       = "eu-central-1"
  cluster_name = "production"
  bucket_name  = "queue-objects"
  image        = { repository = "registry.example/esker", tag = "1" }
  etcd_image   = "registry.example/etcd"
}

run "values" {
  assert {
    condition     = output.object_store_url == "s3://queue-objects/esker"
    error_message = "The bucket of the module."
  }
}

run "refused" {
  command = plan
  variables {
    region   = "frankfurt"
    replicas = 2
    image    = { repository = "", tag = "1" }
    values   = "a list"
  }
  expect_failures = [var.region, var.replicas, var.image, var.values]
}
