mock_provider "azurerm" {
  mock_data "azurerm_kubernetes_cluster" {
    defaults = {
      location            = "germanywestcentral"
      oidc_issuer_enabled = true
      oidc_issuer_url     = "https://germanywestcentral.oic.prod-aks.azure.com/tenant/id/"
      kube_config = [{
        host                   = "https://production.hcp.germanywestcentral.azmk8s.io:443"
        client_certificate     = "Y2VydGlmaWNhdGU="
        client_key             = "a2V5"
        cluster_ca_certificate = "Y2VydGlmaWNhdGU="
        username               = "user"
        password               = "password"
      }]
    }
  }
  mock_resource "azurerm_storage_account" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/queues/providers/Microsoft.Storage/storageAccounts/queueobjects"
    }
  }
  mock_resource "azurerm_storage_container" {
    defaults = {
      id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/queues/providers/Microsoft.Storage/storageAccounts/queueobjects/blobServices/default/containers/esker"
    }
  }
  mock_resource "azurerm_user_assigned_identity" {
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/queues/providers/Microsoft.ManagedIdentity/userAssignedIdentities/esker"
      client_id    = "11111111-1111-1111-1111-111111111111"
      principal_id = "22222222-2222-2222-2222-222222222222"
    }
  }
  mock_resource "azurerm_role_definition" {
    defaults = {
      role_definition_resource_id = "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/33333333-3333-3333-3333-333333333333"
    }
  }
}

mock_provider "helm" {}

variables {
  subscription_id      = "00000000-0000-0000-0000-000000000000"
  cluster_name         = "production"
  resource_group_name  = "queues"
  storage_account_name = "queueobjects"
  image                = { repository = "registry.example/esker", tag = "1" }
  etcd_image           = "registry.example/etcd"
}

run "values" {
  assert {
    condition     = output.object_store_url == "az://esker/esker"
    error_message = "The container of the module."
  }
}

run "without_an_issuer" {
  command = plan
  override_data {
    target = data.azurerm_kubernetes_cluster.this
    values = {
      oidc_issuer_enabled = false
    }
  }
  expect_failures = [data.azurerm_kubernetes_cluster.this]
}

run "refused" {
  command = plan
  variables {
    subscription_id = "mine"
    replicas        = 1000
    image           = { repository = "esker", tag = "" }
    values          = "[]"
  }
  expect_failures = [var.subscription_id, var.replicas, var.image, var.values]
}
