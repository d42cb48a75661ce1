mock_provider "google" {
  mock_data "google_container_cluster" {
    defaults = {
      endpoint                 = "203.0.113.7"
      master_auth              = [{ cluster_ca_certificate = "Y2VydGlmaWNhdGU=", client_certificate = "", client_key = "", client_certificate_config = [] }]
      workload_identity_config = [{ workload_pool = "my-project.svc.id.goog" }]
    }
  }
  mock_resource "google_service_account" {
    defaults = {
      email = "esker-brokers@my-project.iam.gserviceaccount.com"
    }
  }
}

mock_provider "helm" {}

variables {
  project         = "my-project"
  location        = "europe-west3-a"
  bucket_location = "europe-west3"
  cluster_name    = "production"
  bucket_name     = "queue-objects"
  image           = { repository = "registry.example/esker", tag = "1" }
  etcd_image      = "registry.example/etcd"
}

run "values" {
  assert {
    condition     = output.object_store_url == "gs://queue-objects/esker"
    error_message = "The bucket of the module."
  }
}

run "without_workload_identity" {
  command = plan
  override_data {
    target = data.google_container_cluster.this
    values = {
      workload_identity_config = []
    }
  }
  expect_failures = [data.google_container_cluster.this]
}

run "refused" {
  command = plan
  variables {
    replicas = 1000
    image    = { repository = "esker", tag = "" }
    values   = "[]"
  }
  expect_failures = [var.replicas, var.image, var.values]
}
