//! Log lines, and traces to an OpenTelemetry collector.
//!
//! Both come from the same `tracing` spans and events, each through a filter of its own: what is traced need not be logged.

use std::time::Duration;

use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tonic::transport::ClientTlsConfig;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    broker::Failure,
    config::{Config, Logging, Traces},
};

/// How long a broker that ends waits for its last spans to be sent.
const LAST_SPANS: Duration = Duration::from_secs(5);

/// Sends what is left of the traces when told to stop.
#[must_use = "the last spans are sent by `stop`"]
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

/// Sends log lines to standard error, and traces to the collector, if there is one. Within a runtime: the traces' connection
/// lives there.
pub(crate) fn start(config: &Config) -> Result<Telemetry, Failure> {
    let provider = match config.traces.otlp_endpoint.as_str() {
        "" => None,
        endpoint => Some(provider(&config.traces, endpoint, config.node.id)?),
    };
    let traces = provider.as_ref().map(|provider| {
        let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("esker"));
        filter("traces.level", &config.traces.level).map(|filter| spans.with_filter(filter))
    });
    let lines = lines(&config.log)?;
    tracing_subscriber::registry().with(traces.transpose()?).with(lines).init();
    Ok(Telemetry(provider))
}

/// What [`start`] would say of the configuration.
pub(crate) fn check(config: &Config) -> Result<(), Failure> {
    filter("log.level", &config.log.level)?;
    filter("traces.level", &config.traces.level)?;
    Ok(())
}

fn filter(key: &str, text: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(text).map_err(|error| Failure(format!("{key}: {error}")))
}

fn lines<S>(logging: &Logging) -> Result<Box<dyn Layer<S> + Send + Sync>, Failure>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let filter = filter("log.level", &logging.level)?;
    Ok(match logging.format.as_str() {
        // A request's fields in one flat object, where a search finds them.
        "json" => Box::new(lines.json().with_current_span(true).with_span_list(false).with_filter(filter)),
        _ => Box::new(lines.with_filter(filter)),
    })
}

fn provider(traces: &Traces, endpoint: &str, broker: i32) -> Result<SdkTracerProvider, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure(format!("traces.otlp_endpoint: {error}"));
    let mut exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(Duration::from_millis(traces.timeout_ms));
    if endpoint.starts_with("https://") {
        exporter = exporter.with_tls_config(ClientTlsConfig::new().with_native_roots());
    }
    let exporter = exporter.build().map_err(|error| wrong(&error))?;
    // `OTEL_RESOURCE_ATTRIBUTES` is among what the builder looks at by itself.
    let resource = Resource::builder()
        .with_service_name(traces.service_name.clone())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", broker.to_string()),
        ])
        .build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(traces.sample_ratio)));
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource)
        .build())
}

impl Telemetry {
    /// Sends the last spans; gives up after five seconds. Blocks: not for a runtime's threads.
    pub(crate) fn stop(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(LAST_SPANS)
        {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}
