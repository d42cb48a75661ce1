//! What can be made to go wrong.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Faults, all off by default. Rates are probabilities, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultSettings {
    /// Every request is answered with 503.
    pub outage: bool,
    /// So many requests are answered with 503 and do nothing.
    pub fail_rate: f64,
    /// So many requests are carried out, but the connection closes without an answer.
    pub lose_rate: f64,
    /// So many answers end in the middle of their body.
    pub cut_rate: f64,
    /// Every request waits this long first.
    pub latency: Duration,
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Serve,
    Refuse,
    LoseAnswer,
    CutBody,
}

/// Requests answered so far, by HTTP method.
pub type Requests = BTreeMap<String, u64>;

/// The faults of a running endpoint.
#[derive(Debug)]
pub struct Faults {
    settings: Mutex<FaultSettings>,
    random: Mutex<StdRng>,
    requests: Mutex<Requests>,
    injected: AtomicU64,
}

impl Faults {
    pub(crate) fn new(seed: u64, settings: FaultSettings) -> Self {
        Self {
            settings: Mutex::new(settings),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            requests: Mutex::default(),
            injected: AtomicU64::new(0),
        }
    }

    /// The faults that are on.
    #[must_use]
    pub fn settings(&self) -> FaultSettings {
        *self.settings.lock()
    }

    /// Replaces the faults.
    pub fn set(&self, settings: FaultSettings) {
        *self.settings.lock() = settings;
    }

    /// Turns the outage on or off.
    pub fn set_outage(&self, outage: bool) {
        self.settings.lock().outage = outage;
    }

    /// Requests seen so far, faulty ones included.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.requests.lock().clone()
    }

    /// Requests that a fault hit.
    #[must_use]
    pub fn injected(&self) -> u64 {
        self.injected.load(Ordering::Relaxed)
    }

    pub(crate) fn fate(&self, method: &str) -> (Fate, Duration) {
        *self.requests.lock().entry(method.to_owned()).or_default() += 1;
        let settings = self.settings();
        let mut random = self.random.lock();
        let mut happens = |rate: f64| rate > 0.0 && random.random::<f64>() < rate;
        let fate = if settings.outage || happens(settings.fail_rate) {
            Fate::Refuse
        } else if happens(settings.lose_rate) {
            Fate::LoseAnswer
        } else if happens(settings.cut_rate) {
            Fate::CutBody
        } else {
            Fate::Serve
        };
        if fate != Fate::Serve {
            self.injected.fetch_add(1, Ordering::Relaxed);
        }
        (fate, settings.latency)
    }
}
