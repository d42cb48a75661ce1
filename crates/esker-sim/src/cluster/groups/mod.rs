//! Groups in a simulated cluster: members of share groups and of groups of the consumer protocol, on the real coordinators and the real leaders of what they read.

mod book;
mod dead;
mod leader;
mod owners;
mod reader;
mod settings;
mod worker;
mod workload;

pub(super) use settings::{Settings, coordinating};
pub(super) use workload::Crowd;
