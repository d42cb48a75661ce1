//! What is counted of Kafka's clients.

use esker_kafka_wire::{ApiKey, ErrorCode};
use esker_metrics::{Counter, Family, Gauge, Histogram, SecondsCounter};

use crate::dispatch::{self, APIS};

/// Pairs of an API and an error at most; both are fixed sets, and few pairs of them occur.
const ERRORS: usize = 500;

/// Figures of a front end.
#[derive(Debug)]
pub struct KafkaMetrics {
    /// Connections that are open.
    pub connections: Gauge,
    /// Connections that were admitted.
    pub opened: Counter,
    /// Connections that were not, because there are too many.
    pub refused_limit: Counter,
    /// Connections that were closed because what came is no request that is served.
    pub refused_protocol: Counter,
    /// How long a connection was not read because the log fills up.
    pub throttled: SecondsCounter,
    /// Produce requests after which that was so.
    pub throttled_requests: Counter,
    /// Answers to Produce: from the moment when they are known to the last byte in the socket.
    pub produce_response: Histogram,
    /// Requests, in the order of the served APIs.
    requests: Vec<Histogram>,
    /// Errors, by API and error.
    errors: Family<(&'static str, &'static str), Counter>,
}

impl Default for KafkaMetrics {
    fn default() -> Self {
        Self {
            connections: Gauge::new(),
            opened: Counter::new(),
            refused_limit: Counter::new(),
            refused_protocol: Counter::new(),
            throttled: SecondsCounter::new(),
            throttled_requests: Counter::new(),
            produce_response: Histogram::new(),
            requests: APIS.iter().map(|_| Histogram::new()).collect(),
            errors: Family::new(ERRORS),
        }
    }
}

impl KafkaMetrics {
    /// The requests of an API: how long each took from the whole frame to the last byte of the answer.
    pub(crate) fn request(&self, api: ApiKey) -> Option<&Histogram> {
        self.requests.get(dispatch::number(api)?)
    }

    /// Counts what an answer says about one partition, or as a whole.
    pub(crate) fn error(&self, api: ApiKey, code: i16) {
        if code != ErrorCode::None.code() {
            let name = ErrorCode::from_code(code).map_or("UNKNOWN", ErrorCode::name);
            self.errors.get(&(api.name(), name)).inc();
        }
    }

    /// Every API with its name, and its requests.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, &Histogram)> {
        APIS.iter().map(|api| api.key.name()).zip(&self.requests)
    }

    /// Every pair of an API and an error that occurred, and how often.
    #[must_use]
    pub fn errors(&self) -> Vec<(&'static str, &'static str, u64)> {
        self.errors.all().into_iter().map(|((api, error), count)| (api, error, count.get())).collect()
    }
}
