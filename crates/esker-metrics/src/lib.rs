//! Figures of a running broker: counted where things happen, shown on one page.
//!
//! - [`Counter`], [`SecondsCounter`], [`Gauge`], [`Histogram`]: relaxed atomics. Counting takes no lock and allocates nothing.
//! - [`Family`]: the same figure for many names, bounded: what comes beyond the bound adds up under one name.
//! - [`render`] and [`Page`]: the OpenMetrics text format.
//!
//! Nothing here is global: a process may run many brokers, as the simulator does. Each part of a broker has a struct of its
//! figures, handed in with its settings; nothing here reads a clock.

mod family;
mod histogram;
mod number;
mod page;

pub use family::{Family, OTHER};
pub use histogram::{BUCKETS, Histogram, LATENCY_SECONDS, Snapshot};
pub use number::{Counter, Gauge, SecondsCounter};
pub use page::{Number, Page, Samples, render};
