resource "azurerm_storage_account" "this" {
  name                     = var.storage_account_name
  resource_group_name      = var.resource_group_name
  location                 = var.location
  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.replication_type
  tags                     = var.tags

  # Azure encrypts always; this is the second time, below the first.
  infrastructure_encryption_enabled = true
  https_traffic_only_enabled        = true
  min_tls_version                   = "TLS1_2"

  # Nothing without a name, and names from Entra alone: no keys of the account, no signatures made with them.
  allow_nested_items_to_be_public  = false
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  cross_tenant_replication_enabled = false
  local_user_enabled               = false

  # Blocks of uploads that were not finished Azure removes by itself, after a week.
  blob_properties {
    versioning_enabled = var.versioning

    delete_retention_policy {
      days = var.noncurrent_days
    }

    container_delete_retention_policy {
      days = var.noncurrent_days
    }
  }

  dynamic "network_rules" {
    for_each = length(var.subnet_ids) == 0 ? [] : [var.subnet_ids]
    content {
      default_action             = "Deny"
      virtual_network_subnet_ids = network_rules.value
    }
  }
}

resource "azurerm_storage_container" "this" {
  name                  = var.container_name
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
}

# Brokers delete what retention lets go. A rule here for base blobs would lose data. Azure counts a version's days from when
# its bytes were written; what this rule deletes early, the retention above still keeps for `noncurrent_days`.
resource "azurerm_storage_management_policy" "this" {
  storage_account_id = azurerm_storage_account.this.id

  rule {
    name    = "deleted-objects"
    enabled = true

    filters {
      blob_types = ["blockBlob"]
    }

    actions {
      version {
        delete_after_days_since_creation = var.noncurrent_days
      }
    }
  }
}
