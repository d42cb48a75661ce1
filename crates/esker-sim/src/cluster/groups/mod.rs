//! Groups in a simulated cluster: members of share groups, on the real coordinators and the real leaders of what they read.

mod book;
mod dead;
mod leader;
mod settings;
mod worker;
mod workload;

pub(super) use settings::{Settings, coordinating};
pub(super) use workload::Crowd;
