//! What a broker process is doing, as health checks see it.

use esker_log::Log;
use parking_lot::Mutex;

/// How far a broker has come.
#[derive(Default)]
pub(crate) struct Serving(Mutex<Phase>);

#[derive(Default)]
enum Phase {
    /// Recovering the log, opening shards.
    #[default]
    Starting,
    /// Kafka's port accepts.
    Ready(Log),
    /// Flushing before the exit.
    Stopping(Log),
}

impl Serving {
    pub(crate) fn ready(&self, log: Log) {
        *self.0.lock() = Phase::Ready(log);
    }

    pub(crate) fn stopping(&self) {
        let mut phase = self.0.lock();
        if let Phase::Ready(log) = &*phase {
            *phase = Phase::Stopping(log.clone());
        }
    }

    pub(crate) fn log(&self) -> Option<Log> {
        match &*self.0.lock() {
            Phase::Starting => None,
            Phase::Ready(log) | Phase::Stopping(log) => Some(log.clone()),
        }
    }

    /// Why the process should be restarted, if it should. Never an outage of something outside it.
    pub(crate) fn failure(&self) -> Option<String> {
        self.log()?.closed().borrow().clone()
    }

    /// Why the broker should get no traffic, if it should not.
    pub(crate) fn not_ready(&self) -> Option<String> {
        match &*self.0.lock() {
            Phase::Starting => Some("starting".to_owned()),
            Phase::Stopping(_) => Some("stopping".to_owned()),
            Phase::Ready(log) => log.closed().borrow().clone(),
        }
    }
}
