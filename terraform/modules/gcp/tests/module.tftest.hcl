# `tofu test` (or `terraform test`): nothing is created, the provider is mocked.

mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      name  = "projects/my-project/serviceAccounts/esker-brokers@my-project.iam.gserviceaccount.com"
      email = "esker-brokers@my-project.iam.gserviceaccount.com"
    }
  }
}

variables {
  project     = "my-project"
  location    = "europe-west3"
  bucket_name = "queue-objects"
}

run "workload_identity" {
  assert {
    condition     = google_service_account_iam_member.workload_identity.member == "serviceAccount:my-project.svc.id.goog[esker/esker]"
    error_message = "One Kubernetes service account, and no other."
  }
  assert {
    condition     = google_service_account_iam_member.workload_identity.role == "roles/iam.workloadIdentityUser"
    error_message = "It may be the Google one."
  }
  assert {
    condition     = output.chart_values.objectStore == { url = "gs://queue-objects/esker" }
    error_message = "The chart gets the bucket and the prefix."
  }
  assert {
    condition     = output.chart_values.serviceAccount.annotations == { "iam.gke.io/gcp-service-account" = "esker-brokers@my-project.iam.gserviceaccount.com" }
    error_message = "The service account names the Google one."
  }
}

run "another_pool" {
  variables {
    workload_pool   = "clusters.svc.id.goog"
    namespace       = "queues"
    service_account = "brokers"
  }
  assert {
    condition     = google_service_account_iam_member.workload_identity.member == "serviceAccount:clusters.svc.id.goog[queues/brokers]"
    error_message = "The cluster's pool, the release's service account."
  }
}

run "least_privilege" {
  assert {
    condition     = tolist(sort(google_project_iam_custom_role.objects[0].permissions)) == tolist(["storage.objects.create", "storage.objects.delete", "storage.objects.get", "storage.objects.list"])
    error_message = "Four permissions on objects, none on buckets."
  }
  assert {
    condition     = google_storage_bucket_iam_member.objects.role == "projects/my-project/roles/eskerObjects"
    error_message = "The role that was made."
  }
}

run "given_role" {
  variables {
    role = "organizations/123/roles/objects"
  }
  assert {
    condition     = length(google_project_iam_custom_role.objects) == 0 && google_storage_bucket_iam_member.objects.role == "organizations/123/roles/objects"
    error_message = "The role that was given."
  }
}

run "bucket" {
  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && google_storage_bucket.this.uniform_bucket_level_access
    error_message = "No public access."
  }
  assert {
    condition     = one(google_storage_bucket.this.versioning).enabled
    error_message = "Versions are kept by default."
  }
  assert {
    condition     = alltrue([for rule in google_storage_bucket.this.lifecycle_rule : one(rule.action).type == "AbortIncompleteMultipartUpload" || one(rule.condition).with_state == "ARCHIVED"])
    error_message = "Nothing deletes objects that are there."
  }
  assert {
    condition     = length(google_storage_bucket.this.encryption) == 0
    error_message = "Google's own keys by default."
  }
}

run "key" {
  variables {
    kms_key_name = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k"
  }
  assert {
    condition     = one(google_storage_bucket.this.encryption).default_kms_key_name == var.kms_key_name
    error_message = "Objects are encrypted with the key."
  }
}

run "refused" {
  command = plan
  variables {
    project                      = "1"
    location                     = "europe west"
    bucket_name                  = "google-like"
    prefix                       = "a//b"
    account_id                   = "short"
    role                         = "owner"
    role_id                      = "a-b"
    workload_pool                = "pool"
    namespace                    = "Esker"
    service_account              = "_"
    kms_key_name                 = "key"
    noncurrent_days              = 0
    soft_delete_days             = 3
    abort_incomplete_upload_days = 400
    labels                       = { "1" = "x" }
  }
  expect_failures = [
    var.project, var.location, var.bucket_name, var.prefix, var.account_id, var.role, var.role_id, var.workload_pool, var.namespace,
    var.service_account, var.kms_key_name, var.noncurrent_days, var.soft_delete_days, var.abort_incomplete_upload_days, var.labels,
  ]
}
