//! Switches that break one rule each: the simulator turns one on and must then find a violation.

use std::sync::atomic::AtomicBool;

/// Objects carry no producer snapshot, so a new owner forgets which sequence numbers were used.
pub static NO_PRODUCER_SNAPSHOT: AtomicBool = AtomicBool::new(false);
