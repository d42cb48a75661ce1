locals {
  # What brokers and `esker archive` do with blobs. Listing them takes the right to read them.
  data_actions = jsondecode(file("${path.module}/data-actions.json")).objects
}

resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

# The one Kubernetes service account that may be this identity.
resource "azurerm_federated_identity_credential" "this" {
  name                      = "${var.namespace}-${var.service_account}"
  user_assigned_identity_id = azurerm_user_assigned_identity.this.id
  issuer                    = var.oidc_issuer_url
  audience                  = ["api://AzureADTokenExchange"]
  subject                   = "system:serviceaccount:${var.namespace}:${var.service_account}"
}

# Azure's own roles for blobs allow more: containers, tags, moving.
resource "azurerm_role_definition" "objects" {
  count = var.role_definition_id == null ? 1 : 0

  name              = "${var.name} ${var.storage_account_name}"
  description       = "Read, write and delete blobs"
  scope             = azurerm_storage_account.this.id
  assignable_scopes = [azurerm_storage_account.this.id]

  permissions {
    actions      = []
    data_actions = local.data_actions
  }
}

resource "azurerm_role_assignment" "objects" {
  scope              = azurerm_storage_container.this.id
  role_definition_id = var.role_definition_id == null ? azurerm_role_definition.objects[0].role_definition_resource_id : var.role_definition_id
  principal_id       = azurerm_user_assigned_identity.this.principal_id
  principal_type     = "ServicePrincipal"
}
