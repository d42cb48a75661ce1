//! Back-pressure: what happens when objects are written more slowly than the log is.
//!
//! From `throttle_at` of the log's capacity on, producers are asked to slow down, more and more; from `refuse_at` on,
//! appends are refused with an error that says what to do. Nothing acknowledged is ever dropped for space.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use esker_wal::Usage;

use crate::{error::AppendError, settings::LogConfig};

/// The longest a producer is asked to wait.
const LONGEST: Duration = Duration::from_secs(1);

/// How full the log is, and what follows from it.
#[derive(Debug)]
pub(crate) struct Pressure {
    throttle_at: f64,
    refuse_at: f64,
    max_batches: usize,
    batches: AtomicUsize,
}

impl Pressure {
    pub(crate) fn new(config: &LogConfig) -> Self {
        Self {
            throttle_at: config.throttle_at,
            refuse_at: config.refuse_at,
            max_batches: config.max_local_batches,
            batches: AtomicUsize::new(0),
        }
    }

    /// Batches that only the local log has, over all shards.
    pub(crate) fn batches(&self) -> usize {
        self.batches.load(Ordering::Relaxed)
    }

    pub(crate) fn batches_added(&self, count: usize) {
        self.batches.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn batches_archived(&self, count: usize) {
        let before = self.batches.fetch_sub(count, Ordering::Relaxed);
        assert!(before >= count, "no batch is archived twice");
    }

    /// How full the log is, 0.0 to 1.0 and above: the worse of its bytes and its batches.
    pub(crate) fn fill(&self, usage: Usage) -> f64 {
        let bytes = usage.used as f64 / (usage.capacity.max(1)) as f64;
        let batches = self.batches() as f64 / (self.max_batches.max(1)) as f64;
        bytes.max(batches)
    }

    /// Lets an append pass, with how long its producer should wait before the next one.
    pub(crate) fn admit(&self, usage: Usage) -> Result<Duration, AppendError> {
        let fill = self.fill(usage);
        if fill >= self.refuse_at {
            return Err(AppendError::LogFull { percent: (fill * 100.0) as u32 });
        }
        if fill < self.throttle_at {
            return Ok(Duration::ZERO);
        }
        let excess = (fill - self.throttle_at) / (self.refuse_at - self.throttle_at).max(f64::EPSILON);
        Ok(LONGEST.mul_f64(excess.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(used: u64) -> Usage {
        Usage { used, capacity: 100 }
    }

    #[test]
    fn producers_slow_down_from_80_percent_and_are_refused_from_95() {
        let pressure = Pressure::new(&LogConfig::default());
        assert_eq!(pressure.admit(usage(79)).unwrap(), Duration::ZERO);
        let (early, late) = (pressure.admit(usage(82)).unwrap(), pressure.admit(usage(94)).unwrap());
        assert!(Duration::ZERO < early && early < late && late <= LONGEST);
        let refusal = pressure.admit(usage(95)).unwrap_err().to_string();
        assert!(refusal.contains("95 % full") && refusal.contains("object store"), "{refusal}");
    }

    #[test]
    fn too_many_batches_count_like_too_many_bytes() {
        let pressure = Pressure::new(&LogConfig { max_local_batches: 10, ..LogConfig::default() });
        pressure.batches_added(10);
        assert!(pressure.admit(usage(0)).is_err());
        pressure.batches_archived(9);
        assert_eq!(pressure.admit(usage(0)).unwrap(), Duration::ZERO);
    }
}
