//! Kafka's clients.

use esker_kafka::KafkaMetrics;
use esker_log::Stats;
use esker_metrics::Page;

use super::Parts;

/// A budget of memory: its name, bytes in use, bytes that there are.
pub(super) type Budget = (&'static str, usize, usize);

pub(super) fn write_counted(page: &mut Page<'_>, kafka: &KafkaMetrics) {
    page.gauge("esker_kafka_connections", "Open connections of Kafka clients").value(kafka.connections.get());
    page.counter("esker_kafka_connections_opened", "Connections that were accepted")
        .value(kafka.opened.get());
    page.counter(
        "esker_kafka_connections_refused",
        "Connections that were refused, or closed for what came over them",
    )
    .add(&[("reason", "limit")], kafka.refused_limit.get())
    .add(&[("reason", "protocol")], kafka.refused_protocol.get());
    // What no client has asked for yet stays off the page: there are dozens of APIs.
    let seen = || kafka.requests().filter(|(_, request)| request.snapshot().count() > 0);
    let mut requests = page.counter("esker_kafka_requests", "Requests that were answered");
    for (api, request) in seen() {
        requests.add(&[("api", api)], request.snapshot().count());
    }
    let mut seconds = page.histogram(
        "esker_kafka_request_seconds",
        "From the whole request to its whole answer, waiting included",
    );
    for (api, request) in seen() {
        seconds.histogram(&[("api", api)], request);
    }
    let mut errors = page.counter("esker_kafka_request_errors", "Errors that were answered, per partition");
    for (api, error, count) in kafka.errors() {
        errors.add(&[("api", api), ("error", error)], count);
    }
    page.counter(
        "esker_kafka_throttled_seconds",
        "How long connections were not read because the log fills up",
    )
    .value(kafka.throttled.get());
    page.counter("esker_throttled_requests", "Requests after which the client had to wait")
        .add(&[("reason", "log_full")], kafka.throttled_requests.get());
}

pub(super) fn write(page: &mut Page<'_>, parts: &Parts, stats: &Stats, more: &[Budget]) {
    let (requests, responses) = (parts.broker.request_memory(), parts.broker.response_memory());
    page.gauge("esker_kafka_request_memory_bytes", "Granted for requests, read and decoded")
        .value(requests.used);
    page.gauge("esker_kafka_request_memory_limit_bytes", "What may be granted for requests")
        .value(requests.limit);
    let budgets: [Budget; 3] = [
        ("kafka_requests", requests.used, requests.limit),
        ("kafka_responses", responses.used, responses.limit),
        ("tail", stats.tail_bytes, stats.tail_limit),
    ];
    let api = parts.streams.as_ref().map(|streams| {
        let [(requests, most_requests), (readers, most_readers)] = streams.memory();
        [("api_requests", requests, most_requests), ("api_streams", readers, most_readers)]
    });
    let (ids, most_ids) = parts.ids.memory();
    let of_api = api.into_iter().flatten().chain([("deduplication", ids, most_ids)]);
    let budgets: Vec<Budget> = budgets.into_iter().chain(more.iter().copied()).chain(of_api).collect();
    let mut used = page.gauge("esker_budget_used_bytes", "Memory that is granted, by budget");
    for (budget, bytes, _) in &budgets {
        used.add(&[("budget", budget)], *bytes);
    }
    let mut limits = page.gauge("esker_budget_limit_bytes", "Memory that may be granted, by budget");
    for (budget, _, bytes) in &budgets {
        limits.add(&[("budget", budget)], *bytes);
    }
}
