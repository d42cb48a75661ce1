# `tofu test` (or `terraform test`): nothing is created, the provider is mocked.

mock_provider "azurerm" {
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

variables {
  resource_group_name  = "queues"
  location             = "germanywestcentral"
  storage_account_name = "queueobjects"
  oidc_issuer_url      = "https://germanywestcentral.oic.prod-aks.azure.com/tenant/id/"
}

run "workload_identity" {
  variables {
    namespace       = "queues"
    service_account = "brokers"
  }
  assert {
    condition     = azurerm_federated_identity_credential.this.subject == "system:serviceaccount:queues:brokers"
    error_message = "One Kubernetes service account, and no other."
  }
  assert {
    condition     = azurerm_federated_identity_credential.this.issuer == var.oidc_issuer_url && azurerm_federated_identity_credential.this.user_assigned_identity_id == azurerm_user_assigned_identity.this.id
    error_message = "Of this cluster, for this identity."
  }
  assert {
    condition     = output.chart_values.objectStore == { url = "az://esker/esker" }
    error_message = "The chart gets the container and the prefix."
  }
  assert {
    condition     = output.chart_values.serviceAccount.annotations == { "azure.workload.identity/client-id" = "11111111-1111-1111-1111-111111111111" }
    error_message = "The service account names the identity."
  }
  assert {
    condition     = output.chart_values.broker.podLabels == { "azure.workload.identity/use" = "true" } && output.chart_values.broker.extraEnv[0] == { name = "AZURE_STORAGE_ACCOUNT_NAME", value = "queueobjects" }
    error_message = "Pods get a token, and are told the account."
  }
}

run "least_privilege" {
  assert {
    condition = tolist(sort(one(azurerm_role_definition.objects[0].permissions).data_actions)) == tolist([
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
    ])
    error_message = "Three data actions on blobs."
  }
  assert {
    condition     = length(one(azurerm_role_definition.objects[0].permissions).actions) == 0
    error_message = "Nothing on accounts or containers."
  }
  assert {
    condition     = azurerm_role_assignment.objects.scope == azurerm_storage_container.this.id && azurerm_role_assignment.objects.principal_id == "22222222-2222-2222-2222-222222222222"
    error_message = "In one container, for the identity."
  }
}

run "given_role" {
  variables {
    role_definition_id = "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/44444444-4444-4444-4444-444444444444"
  }
  assert {
    condition     = length(azurerm_role_definition.objects) == 0 && azurerm_role_assignment.objects.role_definition_id == var.role_definition_id
    error_message = "The role that was given."
  }
}

run "account" {
  assert {
    condition     = !azurerm_storage_account.this.allow_nested_items_to_be_public && azurerm_storage_container.this.container_access_type == "private"
    error_message = "No public access."
  }
  assert {
    condition     = azurerm_storage_account.this.https_traffic_only_enabled && azurerm_storage_account.this.min_tls_version == "TLS1_2"
    error_message = "TLS only."
  }
  assert {
    condition     = !azurerm_storage_account.this.shared_access_key_enabled && !azurerm_storage_account.this.local_user_enabled
    error_message = "No keys."
  }
  assert {
    condition     = one(azurerm_storage_account.this.blob_properties).versioning_enabled
    error_message = "Versions are kept by default."
  }
  assert {
    condition     = length(one(one(azurerm_storage_management_policy.this.rule).actions).base_blob) == 0
    error_message = "Nothing deletes blobs that are there."
  }
}

run "subnets" {
  variables {
    subnet_ids = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/queues/providers/Microsoft.Network/virtualNetworks/aks/subnets/nodes"]
  }
  assert {
    condition     = one(azurerm_storage_account.this.network_rules).default_action == "Deny"
    error_message = "No other network."
  }
}

run "refused" {
  command = plan
  variables {
    resource_group_name  = "dot."
    location             = "Germany West Central"
    storage_account_name = "with-hyphen"
    container_name       = "a--b"
    prefix               = "a/"
    name                 = "x"
    oidc_issuer_url      = "http://plain"
    role_definition_id   = "Owner"
    namespace            = "Esker"
    service_account      = ""
    replication_type     = "NONE"
    subnet_ids           = ["nodes"]
    noncurrent_days      = 366
    tags                 = { "" = "x" }
  }
  expect_failures = [
    var.resource_group_name, var.location, var.storage_account_name, var.container_name, var.prefix, var.name, var.oidc_issuer_url,
    var.role_definition_id, var.namespace, var.service_account, var.replication_type, var.subnet_ids, var.noncurrent_days, var.tags,
  ]
}
