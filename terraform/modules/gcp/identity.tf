locals {
  # What brokers and `esker archive` do with objects.
  permissions = jsondecode(file("${path.module}/permissions.json")).objects
  pool        = coalesce(var.workload_pool, "${var.project}.svc.id.goog")
}

resource "google_service_account" "this" {
  project      = var.project
  account_id   = var.account_id
  display_name = "Brokers of Esker"
  description  = "Objects of ${var.bucket_name}/${var.prefix}"
}

# Google's own roles for objects allow more: moving, restoring, multipart uploads.
resource "google_project_iam_custom_role" "objects" {
  count = var.role == null ? 1 : 0

  project     = var.project
  role_id     = var.role_id
  title       = "Esker objects"
  description = "Create, delete, get and list objects"
  permissions = local.permissions
}

resource "google_storage_bucket_iam_member" "objects" {
  bucket = google_storage_bucket.this.name
  role   = var.role == null ? "projects/${var.project}/roles/${google_project_iam_custom_role.objects[0].role_id}" : var.role
  member = "serviceAccount:${google_service_account.this.email}"
}

# The one Kubernetes service account that may be this Google one.
resource "google_service_account_iam_member" "workload_identity" {
  service_account_id = google_service_account.this.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${local.pool}[${var.namespace}/${var.service_account}]"
}
