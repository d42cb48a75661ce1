//! Transactions in a simulated cluster: producers, copiers and readers of committed records, on the real coordinators.

mod book;
mod check;
mod content;
mod copier;
mod offsets;
mod producer;
mod reader;
mod session;
mod settings;
mod spice;
mod stamp;
mod workload;

pub(super) use settings::{Settings, coordinating};
pub(super) use workload::Workload;
