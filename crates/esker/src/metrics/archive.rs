//! Objects.

use esker_archive::{ArchiveMetrics, RequestMetrics};
use esker_log::Stats;
use esker_metrics::Page;

use super::Parts;

pub(super) fn write_counted(page: &mut Page<'_>, archive: &ArchiveMetrics) {
    page.counter("esker_archive_uploads", "Objects with records that were uploaded and committed")
        .value(archive.uploads.get());
    page.counter("esker_archive_uploaded_bytes", "Bytes of these objects")
        .value(archive.uploaded_bytes.get());
    let operations: [(&str, &RequestMetrics); 5] = [
        ("put", &archive.put),
        ("get", &archive.get),
        ("head", &archive.head),
        ("delete", &archive.delete),
        ("list", &archive.list),
    ];
    let mut requests =
        page.counter("esker_object_store_requests", "Requests to the object store, repeated ones too");
    for (operation, request) in operations {
        requests.add(&[("operation", operation), ("outcome", "ok")], request.ok.get());
        requests.add(&[("operation", operation), ("outcome", "error")], request.errors.get());
    }
    let mut seconds = page.histogram("esker_object_store_request_seconds", "How long each of them took");
    for (operation, request) in operations {
        seconds.histogram(&[("operation", operation)], &request.seconds);
    }
    page.counter("esker_object_store_request_bytes", "Bytes of objects that were written or read")
        .add(&[("operation", "put")], archive.put.bytes.get())
        .add(&[("operation", "get")], archive.get.bytes.get());
    page.counter("esker_cache_hits", "Blocks of objects that readers found in the cache")
        .value(archive.cache_hits.get());
    page.counter("esker_cache_misses", "Blocks of objects that were fetched for readers")
        .value(archive.cache_misses.get());
}

pub(super) fn write(page: &mut Page<'_>, parts: &Parts, stats: &Stats) {
    page.gauge("esker_archive_lag_bytes", "Committed and in no object yet").value(stats.unarchived_bytes);
    page.gauge("esker_archive_lag_records", "Offsets in no object yet").value(stats.unarchived_records);
    page.gauge("esker_archive_lag_seconds", "Age of the oldest committed record in no object yet")
        .value(stats.unarchived_age.as_secs_f64());
    page.gauge("esker_cache_bytes", "Blocks of objects in memory").value(parts.node.archive.cached_bytes());
}
